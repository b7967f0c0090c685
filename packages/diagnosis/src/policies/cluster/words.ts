/** A fault that a program of ours has printed: code, message and remedy. */
export interface PrintedFault {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

const field = (name: string): RegExp => new RegExp(`"${name}":\\s*"((?:[^"\\\\]|\\\\.)*)"`);
const fields = { code: field('code'), message: field('message'), remedy: field('remedy') };

/**
 * The fault in the last words of a container, which the kubelet may have cut at their beginning: JSON in one line or in several, as
 * `kaito-weights` and `kaito-server` print it. The outermost comes first, and is taken.
 */
export function printedFault(text: string): PrintedFault | undefined {
  const code = fields.code.exec(text);
  if (code === null) return undefined;
  const rest = text.slice(code.index);
  const message = unquoted(fields.message.exec(rest)?.[1]);
  const remedy = unquoted(fields.remedy.exec(rest)?.[1]);
  if (message === undefined) return undefined;
  return { code: code[1] ?? '', message, ...(remedy !== undefined && { remedy }) };
}

function unquoted(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** The last two lines that say something, in one. */
export function lastWords(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-2)
    .join(' | ');
}
