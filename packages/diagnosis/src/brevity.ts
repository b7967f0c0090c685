/** The longest message of a condition, characters, before its remedy; KAITO v0.12 cuts there too. */
export const longestMessage = 256;

/** Text in one line, cut in the middle to so many characters: the beginning names the thing, the end tends to hold the reason. */
export function brief(text: string, most: number = longestMessage): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  const head = Math.ceil((most - 1) * 0.4);
  return `${line.slice(0, head).trimEnd()}…${line.slice(line.length - (most - 1 - head)).trimStart()}`;
}

/** The text without a full stop at its end, so that it can be continued. */
export function withoutStop(text: string): string {
  return text.trim().replace(/\.+$/, '');
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
