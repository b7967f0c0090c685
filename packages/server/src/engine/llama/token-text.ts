import type { LlamaModel, Token } from 'node-llama-cpp';

const replacement = '\uFFFD';
/** A character has at most 4 bytes; a byte-level vocabulary may spend a token on each. */
const longestSplit = 4;

/**
 * Turns one answer's tokens into text as they come. A character whose bytes are spread over several tokens appears with the last of them;
 * bytes that never become a character appear as U+FFFD once that is certain.
 */
export class TokenText {
  readonly #model: LlamaModel;
  #pending: Token[] = [];
  #previous: Token[];

  /** `lastPromptToken` lets vocabularies that mark spaces at the beginning of words keep the first one. */
  constructor(model: LlamaModel, lastPromptToken: number) {
    this.#model = model;
    this.#previous = [lastPromptToken as Token];
  }

  /** The text that this token completes; '' while a character is incomplete. */
  push(token: number): string {
    this.#pending.push(token as Token);
    const text = this.#model.detokenize(this.#pending, false, this.#previous);
    if (text.endsWith(replacement) && this.#pending.length < longestSplit) return '';
    this.#previous = this.#pending.slice(-1);
    this.#pending = [];
    return text;
  }
}
