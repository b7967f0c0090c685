import type { AzureError, AzureErrorCode } from '@kaito/azure';

/** KAITO takes the first 256 characters of a condition's message: the sentence fits, the remedy comes after it. */
const longestSentence = 240;
const longestRemedy = 600;

/** One line, cut in the middle to so many UTF-16 units, and never inside a character. */
function brief(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= most) return line;
  const head = Math.ceil((most - 1) * 0.6);
  const begin = line.slice(0, head).replace(/[\uD800-\uDBFF]$/, '');
  const end = line.slice(line.length - (most - 1 - head)).replace(/^[\uDC00-\uDFFF]/, '');
  return `${begin.trimEnd()}…${end.trimStart()}`;
}

/** The sentence of a fault, without a full stop at its end. */
export function sentence(text: string): string {
  return brief(text.trim().replace(/\.+$/, ''), longestSentence);
}

/** `sentence. Remedy: command`: the form in which a NodeClaim says what is wrong. */
export function withRemedy(message: string, remedy: string): string {
  return `${sentence(message)}. Remedy: ${brief(remedy, longestRemedy)}`;
}

/** Reason of a condition for an error of Azure; its code, except where KAITO has a name for it already. */
export function reasonOf(code: AzureErrorCode): string {
  return code === 'SkuNotAvailable' ? 'SKUNotAvailable' : code;
}

/** The errors that another machine type or zone may not meet. */
const ofTheMachine: readonly AzureErrorCode[] = [
  'QuotaExceeded',
  'SkuNotAvailable',
  'ZoneNotAvailable',
  'CapacityMissing',
  'OperationFailed',
];

/** Whether the next way to get the machine is worth a try. */
export function triesNextWay({ code, retry }: Pick<AzureError, 'code' | 'retry'>): boolean {
  return ofTheMachine.includes(code) || retry === 'never';
}
