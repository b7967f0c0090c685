import type { LlamaModel, Token } from 'node-llama-cpp';
import type { TokenLogprob } from '../engine.ts';
import { readVocabulary, type Vocabulary } from './gguf-file.ts';

/** Text and bytes of single tokens; a token may be only a part of a character. */
export class TokenBytes {
  readonly #model: LlamaModel;
  readonly #vocabulary: Vocabulary;

  private constructor(model: LlamaModel, vocabulary: Vocabulary) {
    this.#model = model;
    this.#vocabulary = vocabulary;
  }

  /** Reads the spellings out of the model's file. Throws EngineError `ModelFileMissing` or `ModelFileInvalid`. */
  static async read(model: LlamaModel, modelPath: string): Promise<TokenBytes> {
    return new TokenBytes(model, await readVocabulary(modelPath));
  }

  describe(token: number): Pick<TokenLogprob, 'token' | 'bytes'> {
    const bytes =
      this.#bytesOf(this.#vocabulary.tokens[token] ?? '') ??
      Array.from(Buffer.from(this.#model.detokenize([token as Token], true)));
    return { token: Buffer.from(bytes).toString('utf8'), bytes };
  }

  #bytesOf(spelling: string): number[] | undefined {
    if (this.#vocabulary.model === 'gpt2') {
      const bytes = Array.from(spelling, (character) => byteOfCharacter.get(character));
      return bytes.every((byte) => byte !== undefined) ? bytes : undefined;
    }
    const byte = /^<0x([0-9A-F]{2})>$/.exec(spelling)?.[1];
    return byte === undefined ? [...Buffer.from(spelling.replaceAll('\u2581', ' '))] : [Number.parseInt(byte, 16)];
  }
}

/**
 * GPT-2's spelling of bytes: printable Latin-1 bytes stand for themselves, the others for the characters from U+0100 on
 * (openai/gpt-2, `bytes_to_unicode`).
 */
const byteOfCharacter: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    map.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return map;
})();
