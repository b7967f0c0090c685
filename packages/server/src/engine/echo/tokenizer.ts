/** Ids of the echo engine's tokens beyond the 256 bytes; the texts are those of ChatML. */
export const bos = 256;
export const endOfText = 257;
export const turnStart = 258;
export const turnEnd = 259;
export const vocabularySize = 260;

const texts = new Map<number, string>([
  [bos, '<s>'],
  [endOfText, '<|endoftext|>'],
  [turnStart, '<|im_start|>'],
  [turnEnd, '<|im_end|>'],
]);
const ids = new Map([...texts].map(([id, text]) => [text, id]));
const markers = /(<s>|<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>)/;

/** One token per UTF-8 byte; with `special`, the markers' texts become their single ids. */
export function tokenize(text: string, options: { special?: boolean; addBos?: boolean } = {}): number[] {
  const tokens: number[] = options.addBos === true ? [bos] : [];
  for (const part of options.special === true ? text.split(markers) : [text]) {
    const id = options.special === true ? ids.get(part) : undefined;
    if (id !== undefined) tokens.push(id);
    else for (const byte of Buffer.from(part, 'utf8')) tokens.push(byte);
  }
  return tokens;
}

/** The text of bytes; special tokens have none. Bytes that are no UTF-8 become U+FFFD. */
export function detokenize(tokens: readonly number[]): string {
  return Buffer.from(tokens.filter((token) => token < bos)).toString('utf8');
}

/** The text of one token alone, as log-probabilities show it. */
export function tokenText(token: number): string {
  return texts.get(token) ?? Buffer.from([token]).toString('latin1');
}
