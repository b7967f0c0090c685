const MiB = 2 ** 20;

/** Bytes as a Kubernetes quantity, rounded up to MiB, in the one form that the API server gives back: the largest unit without a fraction. */
export function quantity(bytes: number): string {
  const mebibytes = Math.ceil(bytes / MiB);
  return mebibytes % 1024 === 0 && mebibytes > 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}
