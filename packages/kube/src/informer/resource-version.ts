/**
 * Orders two resourceVersions of one resource: negative when `a` is older. They are decimal numbers of up to 64 bits, compared as text
 * (length, then digits) because not all of them fit a JavaScript number. Undefined where one of them is no such number.
 */
export function compareResourceVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined || !isNumber(a) || !isNumber(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** True when both are comparable and `a` is newer than `b`. */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  return (compareResourceVersions(a, b) ?? -1) > 0;
}

function isNumber(text: string): boolean {
  const first = text.charCodeAt(0);
  // "0" means "any" to the API server and leading zeros do not occur.
  if (!(first >= 49 && first <= 57)) return false;
  for (let at = 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
