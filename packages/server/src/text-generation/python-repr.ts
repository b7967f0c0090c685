const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const isControl = (character: string) => character < ' ' || character === '\u007f';

/** A string as Python's `repr` writes it: single quotes unless it holds one and no double quote; control characters escaped. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = Array.from(
    text,
    (c) => escapes[c] ?? (isControl(c) ? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}` : c),
  ).join('');
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

/** A flat dict of strings as Python's `repr` writes it: the form in which KAITO's conversational server returns its message. */
export function pythonDict(record: Readonly<Record<string, string>>): string {
  return `{${Object.entries(record)
    .map(([key, value]) => `${pythonString(key)}: ${pythonString(value)}`)
    .join(', ')}}`;
}
