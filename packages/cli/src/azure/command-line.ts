/** A word of a command as a shell takes it: as it stands where that is safe, else in single quotes. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command line to copy. */
export function lineOf(words: readonly string[]): string {
  return words.map((word) => quoted(word)).join(' ');
}

/** `-g RG -n NAME` of a resource. */
export function groupAndName({
  resourceGroup,
  name,
}: {
  readonly resourceGroup: string;
  readonly name: string;
}): string {
  return `-g ${quoted(resourceGroup)} -n ${quoted(name)}`;
}
