/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable's value; undefined where it is not set or blank. */
export function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? undefined : value;
}
