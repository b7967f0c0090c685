/** GBNF rules for JSON (RFC 8259). White space and digits are bounded, so that a model cannot fill its answer with them. */
export const jsonRules: Readonly<Record<string, string>> = {
  ws: String.raw`" "? | "\n" [ \t]{0,20}`,
  value: 'object | array | string | number | boolean | null',
  object: '"{" ws ( member ( ws "," ws member )* ws )? "}"',
  member: 'string ws ":" ws value',
  array: '"[" ws ( value ( ws "," ws value )* ws )? "]"',
  string: String.raw`"\"" char* "\""`,
  char: String.raw`[^"\\\x00-\x1F] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F]{4} )`,
  number: 'integer ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,2} )?',
  integer: '"-"? natural',
  natural: '"0" | [1-9] [0-9]{0,14}',
  boolean: '"true" | "false"',
  null: '"null"',
};

/** A grammar from its `root` expression, rules of its own, and the rules of JSON. */
export function jsonGrammar(root: string, rules: ReadonlyMap<string, string> = new Map()): string {
  const all = [['root', root] as const, ...rules, ...Object.entries(jsonRules)];
  return all.map(([name, body]) => `${name} ::= ${body}\n`).join('');
}

/** The GBNF expression for exactly this text. */
export function literal(text: string): string {
  return `"${text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}
