import { EngineError } from '../engine.ts';
import { integerRange } from './integer-range.ts';
import { jsonGrammar, literal } from './json-grammar.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Keywords that say nothing about what is valid. */
const annotations = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

const formats: Readonly<Record<string, string>> = {
  date: '[0-9]{4} "-" ( "0" [1-9] | "1" [0-2] ) "-" ( "0" [1-9] | "1" [0-9] | "2" [0-8] )',
  time: '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9] ":" [0-5] [0-9] ( "." [0-9]{1,6} )? ( "Z" | [+-] ( "0" [0-9] | "1" [0-3] ) ":" [0-5] [0-9] )',
  uuid: '[0-9a-f]{8} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{4} "-" [0-9a-f]{12}',
};

/**
 * The GBNF grammar of JSON Schema `schema`. Every text of the grammar is valid against the schema; not every valid text is in it:
 * properties come in the order in which they are declared, an object that declares properties has no others, dates end at the 28th.
 * Throws EngineError `InvalidGrammar` that names a keyword which cannot be held.
 */
export function jsonSchemaGrammar(schema: unknown): string {
  const writer = new GrammarWriter(schema);
  const root = writer.expression(schema, '#');
  return jsonGrammar(root, writer.rules);
}

class GrammarWriter {
  readonly rules = new Map<string, string>();
  readonly #document: unknown;
  /** Rules of `$ref` targets by their pointer. */
  readonly #references = new Map<string, string>();
  #count = 0;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** The expression for `schema`, which stands at the JSON pointer `at`. */
  expression(schema: unknown, at: string): string {
    if (schema === true) return 'value';
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
      throw refused(at, 'is not a schema that any value meets');
    const found = schema as Schema;
    const only = (...keywords: string[]) => {
      const other = Object.keys(found).find((key) => !annotations.has(key) && !keywords.includes(key));
      if (other !== undefined) throw refused(`${at}/${other}`, 'is a keyword that the grammar cannot hold here');
    };
    for (const choice of ['anyOf', 'oneOf', 'allOf']) {
      if (found[choice] === undefined) continue;
      only(choice);
      const list = this.#list(found[choice], `${at}/${choice}`);
      if (choice === 'allOf' && list.length > 1) throw refused(`${at}/allOf`, 'has more than one schema');
      return this.#choice(list.map((item, index) => this.expression(item, `${at}/${choice}/${index}`)));
    }
    if (found['$ref'] !== undefined) {
      only('$ref');
      return this.#reference(found['$ref'], at);
    }
    for (const keyword of ['const', 'enum']) {
      if (found[keyword] === undefined) continue;
      only(keyword, 'type');
      const values = keyword === 'const' ? [found['const']] : this.#list(found['enum'], `${at}/enum`);
      const allowed = values.filter(
        (value) => found['type'] === undefined || [found['type']].flat().some((type) => hasType(value, type)),
      );
      if (allowed.length === 0) throw refused(`${at}/${keyword}`, 'offers no value of its type');
      return this.#choice(allowed.map((value) => literal(JSON.stringify(value))));
    }
    const types = found['type'] === undefined ? this.#impliedTypes(found) : [found['type']].flat();
    only('type', ...types.flatMap((type) => keywordsOf[type as string] ?? []));
    return this.#choice(types.map((type) => this.#typed(type, found, at)));
  }

  #impliedTypes(schema: Schema): unknown[] {
    const implied = Object.keys(keywordsOf).filter((type) => keywordsOf[type]!.some((keyword) => keyword in schema));
    return implied.length > 0 ? implied.slice(0, 1) : ['value'];
  }

  #typed(type: unknown, schema: Schema, at: string): string {
    switch (type) {
      case 'value':
      case 'boolean':
      case 'null':
        return type;
      case 'number':
        if (['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].some((bound) => bound in schema))
          throw refused(at, 'bounds a number that need not be an integer');
        return 'number';
      case 'integer':
        return this.#integer(schema, at);
      case 'string':
        return this.#string(schema, at);
      case 'array':
        return this.#array(schema, at);
      case 'object':
        return this.#object(schema, at);
      default:
        throw refused(`${at}/type`, `is ${JSON.stringify(type)}, which is no JSON type`);
    }
  }

  #integer(schema: Schema, at: string): string {
    const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema as Record<string, number>;
    const lows = [minimum, above === undefined ? undefined : Math.floor(above) + 1].filter((low) => low !== undefined);
    const highs = [maximum, below === undefined ? undefined : Math.ceil(below) - 1].filter(
      (high) => high !== undefined,
    );
    if (lows.length + highs.length === 0) return 'integer';
    const range = integerRange(
      lows.length > 0 ? Math.max(...lows) : undefined,
      highs.length > 0 ? Math.min(...highs) : undefined,
    );
    if (range === undefined) throw refused(at, 'allows no integer');
    return range;
  }

  #string(schema: Schema, at: string): string {
    const { format } = schema;
    const bounded = 'minLength' in schema || 'maxLength' in schema;
    if (format !== undefined) {
      const pattern = format === 'date-time' ? `${formats['date']} "T" ${formats['time']}` : formats[String(format)];
      if (pattern === undefined || bounded) throw refused(`${at}/format`, 'is a format that the grammar cannot hold');
      return this.#rule(String.raw`"\"" ${pattern} "\""`);
    }
    if (!bounded) return 'string';
    return String.raw`"\"" char${this.#repetition(schema['minLength'], schema['maxLength'], at)} "\""`;
  }

  #array(schema: Schema, at: string): string {
    const prefix = schema['prefixItems'] === undefined ? [] : this.#list(schema['prefixItems'], `${at}/prefixItems`);
    const items = schema['items'] ?? true;
    const least = Number(schema['minItems'] ?? 0);
    const most = Number(schema['maxItems'] ?? Infinity);
    this.#repetition(least, most, at);
    if (prefix.length > 0 && (least > prefix.length || most < prefix.length) && items === false)
      throw refused(at, 'asks for more or fewer items than it describes');
    const heads = prefix.slice(0, most).map((item, index) => this.expression(item, `${at}/prefixItems/${index}`));
    if (items === false || most <= heads.length) return this.#rule(`"[" ws ${heads.join(' ws "," ws ')} ws "]"`);
    const item = this.#rule(this.expression(items, `${at}/items`));
    if (heads.length > 0) {
      const rest = this.#repetition(Math.max(0, least - heads.length), most - heads.length, at);
      return this.#rule(`"[" ws ${heads.join(' ws "," ws ')} ( ws "," ws ${item} )${rest} ws "]"`);
    }
    const more = this.#repetition(Math.max(0, least - 1), most - 1, at);
    const filled = `${item} ( ws "," ws ${item} )${more} ws`;
    return this.#rule(`"[" ws ${least > 0 ? filled : `( ${filled} )?`} "]"`);
  }

  #object(schema: Schema, at: string): string {
    const properties = (schema['properties'] ?? {}) as Schema;
    const required =
      schema['required'] === undefined ? [] : this.#list(schema['required'], `${at}/required`).map(String);
    const additional = schema['additionalProperties'] ?? true;
    const names = [...new Set([...Object.keys(properties), ...required])];
    if (names.length === 0) {
      if (additional === false) return '"{" ws "}"';
      const member = this.#rule(`string ws ":" ws ${this.expression(additional, `${at}/additionalProperties`)}`);
      return this.#rule(`"{" ws ( ${member} ( ws "," ws ${member} )* ws )? "}"`);
    }
    // From the last property to the first: what may follow once a property is there, and while none is.
    let [after, before] = ['ws', 'ws'];
    for (const name of names.toReversed()) {
      if (!(name in properties) && additional === false)
        throw refused(`${at}/required`, `names ${name}, which is not allowed`);
      const value = this.expression(name in properties ? properties[name] : additional, `${at}/properties/${name}`);
      const member = this.#rule(`${literal(JSON.stringify(name))} ws ":" ws ${value}`);
      const needed = required.includes(name);
      before = this.#rule(needed ? `${member} ${after}` : `${member} ${after} | ${before}`);
      after = this.#rule(needed ? `ws "," ws ${member} ${after}` : `( ws "," ws ${member} )? ${after}`);
    }
    return this.#rule(`"{" ws ${before} "}"`);
  }

  #reference(pointer: unknown, at: string): string {
    if (typeof pointer !== 'string' || !/^#(\/|$)/.test(pointer))
      throw refused(`${at}/$ref`, 'points outside the schema');
    const known = this.#references.get(pointer);
    if (known !== undefined) return known;
    let target: unknown = this.#document;
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
      target =
        typeof target === 'object' && target !== null && Object.hasOwn(target, key)
          ? (target as Schema)[key]
          : undefined;
    }
    if (target === undefined) throw refused(`${at}/$ref`, `points to ${pointer}, which is not there`);
    const name = this.#name();
    this.#references.set(pointer, name);
    this.rules.set(name, this.expression(target, pointer));
    return name;
  }

  #repetition(least: unknown, most: unknown, at: string): string {
    const [from, to] = [Number(least ?? 0), Number(most ?? Infinity)];
    if (!(Number.isInteger(from) && from >= 0 && to >= from)) throw refused(at, 'has impossible bounds');
    return to === Infinity ? `{${from},}` : `{${from},${to}}`;
  }

  #list(value: unknown, at: string): unknown[] {
    if (!Array.isArray(value)) throw refused(at, 'is not a list');
    return value;
  }

  #choice(choices: readonly string[]): string {
    if (choices.length === 0) throw refused('#', 'offers a choice of nothing');
    return choices.length === 1 ? choices[0]! : `( ${choices.join(' | ')} )`;
  }

  #rule(body: string): string {
    const name = this.#name();
    this.rules.set(name, body);
    return name;
  }

  #name(): string {
    return `r${this.#count++}`;
  }
}

const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'format'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
};

function hasType(value: unknown, type: unknown): boolean {
  if (value === null) return type === 'null';
  if (Array.isArray(value)) return type === 'array';
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function refused(at: string, why: string): EngineError {
  return new EngineError('InvalidGrammar', `The JSON schema cannot be used: ${at} ${why}.`, {
    remedy: 'Leave the keyword out, or say it in the prompt.',
  });
}
