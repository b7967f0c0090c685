/**
 * The command in the words of a remedy that begins so, up to where other words follow: `attach the registry: az aks update …; or …`.
 *
 * @throws Error where there is none
 */
export function commandIn(remedy: string | undefined, beginning: string): string {
  const [, command] = (remedy ?? '').split(beginning);
  if (command === undefined) throw new Error(`there is no "${beginning}" in: ${remedy}`);
  return beginning + command.replace(/;.*$| \(.*$/s, '');
}
