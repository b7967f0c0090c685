import type { AzureCheck } from '../doctor/check.ts';

/** Checks as lines: `failed federation: what was found | what mends it`. */
export function brief(checks: readonly AzureCheck[]): readonly string[] {
  return checks.map(
    ({ name, state, found, remedy }) => `${state} ${name}: ${found}${remedy == null ? '' : ` | ${remedy}`}`,
  );
}
