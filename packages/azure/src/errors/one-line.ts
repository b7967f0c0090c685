/** Longer messages say nothing more that a person can use. */
const longest = 600;

const address = /[([<]?\b(?:https?|wss?|ftp):\/\/[^\s"'<>)\]}]*[)\]>]?/gi;
const traces =
  /\b(?:(?:Trace|Correlation|Tracking|Request) ID|Timestamp):? *'?[\dA-Fa-f][\w:.-]*(?: [\d:.]+Z?)?'?\.?/gi;
const pointer = /\b(?:see|visit|refer|learn|read|submit|details|documentation|troubleshoot\w*|go to|click)\b/i;

/** `text` on one line, without addresses, sentences that only point to them, and ids of traces; at most 600 characters. */
export function oneLine(text: string): string {
  const sentences = printable(text)
    .split(/(?<=[.!?]) /)
    .filter((sentence, index) => index === 0 || sentence.search(address) < 0 || !pointer.test(sentence))
    .map((sentence) => sentence.replaceAll(address, '').replaceAll(traces, ''));
  return shortened(printable(sentences.join(' ')).replaceAll(/ ([.,;:])/g, '$1'));
}

/** `text` without control characters, and with one space wherever it has several, or line breaks. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}
