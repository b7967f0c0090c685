/** Wraps text in colours or leaves it as it is. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly cyan: (text: string) => string;
}

// SGR codes of ECMA-48, section 8.3.117.
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;

/** The style of a stream: SGR sequences when `colour`, else the text itself. */
export function styleFor(colour: boolean): Style {
  const paint = (name: keyof typeof codes) => {
    const [open, close] = codes[name];
    return (text: string) => (colour && text !== '' ? `\u001B[${open}m${text}\u001B[${close}m` : text);
  };
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    blue: paint('blue'),
    cyan: paint('cyan'),
  };
}
