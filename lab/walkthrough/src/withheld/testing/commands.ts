/**
 * The command in the words of a remedy that begins so, up to where other words follow: `attach the registry: az aks update …; or …`.
 *
 * @throws Error where there is none
 */
export function commandIn(remedy: string, beginning: string): string {
  const at = remedy.indexOf(beginning);
  if (at === -1) throw new Error(`there is no "${beginning}" in: ${remedy}`);
  return remedy.slice(at).replace(/;.*$| \(.*$/s, '');
}
