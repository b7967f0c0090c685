import { randomUUID } from 'node:crypto';
import type { OutputConstraint, ToolDefinition } from '../engine/engine.ts';

export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

const opening = '<tool_call>';
const closing = '</tool_call>';

/** Holds the answer to one call of one of these tools: `{"name": …, "arguments": …}`. */
export function callConstraint(tools: readonly ToolDefinition[]): OutputConstraint {
  const calls = tools.map((tool) => ({
    type: 'object',
    properties: { name: { const: tool.function.name }, arguments: tool.function.parameters ?? { type: 'object' } },
    required: ['name', 'arguments'],
    additionalProperties: false,
  }));
  return { type: 'json_schema', schema: calls.length === 1 ? calls[0]! : { oneOf: calls } };
}

/**
 * Finds calls in an answer as it comes: between `<tool_call>` marks anywhere, or as the whole answer in JSON. Text that may yet turn out to be a
 * call is held back; what turns out not to be one is given as content after all.
 */
export class ToolCallScanner {
  readonly #names: ReadonlySet<string>;
  #held = '';
  #content = false;

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  /** The content that this piece of the answer makes certain; may be ''. */
  push(text: string): string {
    this.#held += text;
    const start = this.#held.trimStart();
    if (start === '' || (!this.#content && (start[0] === '{' || start[0] === '['))) return '';
    const mark = this.#held.indexOf(opening);
    const keep = mark >= 0 ? this.#held.length - mark : overlap(this.#held, opening);
    const content = this.#held.slice(0, this.#held.length - keep);
    if (!this.#content && content.trim() === '') return '';
    this.#held = this.#held.slice(content.length);
    this.#content = true;
    return content;
  }

  /** The calls, and the content still held, once the answer is whole. */
  end(): { readonly content: string; readonly calls: readonly ToolCall[] } {
    const held = this.#held;
    this.#held = '';
    if (!this.#content && !held.includes(opening)) {
      const calls = this.#read(held);
      return calls === undefined ? { content: held, calls: [] } : { content: '', calls };
    }
    const calls: ToolCall[] = [];
    const content = held.replace(/<tool_call>([\s\S]*?)(?:<\/tool_call>|$)/g, (whole, inner: string) => {
      const found = this.#read(inner);
      if (found === undefined) return whole;
      calls.push(...found);
      return '';
    });
    return { content: calls.length > 0 ? content.trim() : content, calls };
  }

  /** One call or a list of them; undefined when the text is anything else. */
  #read(text: string): readonly ToolCall[] | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text.replace(closing, ''));
    } catch {
      return undefined;
    }
    const calls = (Array.isArray(value) ? value : [value]).map((each) => this.#call(each));
    return calls.length > 0 && calls.every((call) => call !== undefined) ? calls : undefined;
  }

  #call(value: unknown): ToolCall | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const record = value as Record<string, unknown>;
    const name = record['name'];
    const given = record['arguments'] ?? record['parameters'] ?? {};
    if (typeof name !== 'string' || !this.#names.has(name)) return undefined;
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    return { id: `call_${randomUUID().replaceAll('-', '')}`, type: 'function', function: { name, arguments: text } };
  }
}

/** Length of the longest ending of `text` that begins `mark`. */
function overlap(text: string, mark: string): number {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}
