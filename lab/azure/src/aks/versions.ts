/** Versions of Kubernetes that AKS offers, newest first. The lab's control planes are of the first, whatever a cluster says. */
export const versions: readonly string[] = ['1.34.4', '1.33.8', '1.32.11'];

export const defaultVersion = versions[0]!;

/** The patch version that `version` asks for, such as the newest of `1.33`; undefined: it is not offered. */
export function resolveVersion(version: string): string | undefined {
  return versions.find((offered) => offered === version || offered.startsWith(`${version}.`));
}
