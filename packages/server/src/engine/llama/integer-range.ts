/** Digits beyond which numbers are not exact in JSON readers. */
const largest = 10 ** 15 - 1;

/**
 * The GBNF expression for the integers from `low` to `high`, both included, without leading zeros; without a bound up to 15 digits.
 * Undefined when there is none.
 */
export function integerRange(low = -largest, high = largest): string | undefined {
  const from = Math.max(Math.ceil(low), -largest);
  const to = Math.min(Math.floor(high), largest);
  if (!(from <= to)) return undefined;
  const choices: string[] = [];
  if (from < 0) choices.push(...naturals(Math.max(1, -to), -from).map((digits) => `"-" ${digits}`));
  if (to >= 0) choices.push(...naturals(Math.max(0, from), to));
  return choices.length === 1 ? choices[0] : `( ${choices.join(' | ')} )`;
}

/** Choices that cover the natural numbers from `low` to `high`: one set per number of digits. */
function naturals(low: number, high: number): string[] {
  const choices: string[] = [];
  for (let length = String(low).length; length <= String(high).length; length++) {
    const from = Math.max(low, length === 1 ? 0 : 10 ** (length - 1));
    const to = Math.min(high, 10 ** length - 1);
    choices.push(...sameLength(String(from), String(to)));
  }
  return choices;
}

/** Choices that cover the numbers between two with equally many digits. */
function sameLength(low: string, high: string): string[] {
  if (low === '') return ['""'];
  const [first, last] = [Number(low[0]), Number(high[0])];
  const rest = low.length - 1;
  if (/^0*$/.test(low.slice(1)) && /^9*$/.test(high.slice(1))) return [digits(first, last, rest)];
  if (first === last) return sameLength(low.slice(1), high.slice(1)).map((tail) => `"${first}" ${tail}`);
  const choices = sameLength(low.slice(1), '9'.repeat(rest)).map((tail) => `"${first}" ${tail}`);
  if (last - first > 1) choices.push(digits(first + 1, last - 1, rest));
  choices.push(...sameLength('0'.repeat(rest), high.slice(1)).map((tail) => `"${last}" ${tail}`));
  return choices;
}

function digits(first: number, last: number, rest: number): string {
  return `[${first}-${last}]${rest > 0 ? ` [0-9]{${rest}}` : ''}`;
}
