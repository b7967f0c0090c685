import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { ConfigError } from './cluster-config.ts';

/** Kubernetes replaces mounted tokens and authorities well before they end; client-go looks once a minute too. */
const freshMs = 60_000;

/** The text of a file that others replace: read at most once a minute, and on demand. */
export class FileSource {
  readonly #path: string;
  readonly #what: string;
  readonly #remedy: string;
  readonly #clock: Clock;
  #text: string | undefined;
  #readAt = 0;

  /** `what` and `remedy` word the error: "the token of user ada", "az aks get-credentials". */
  constructor(path: string, about: { readonly what: string; readonly remedy: string; readonly clock: Clock }) {
    this.#path = path;
    this.#what = about.what;
    this.#remedy = about.remedy;
    this.#clock = about.clock;
  }

  /** The text, trimmed at its end. A file that has gone leaves the last text standing. @throws ConfigError where it never could be read */
  read(): string {
    const now = this.#clock.monotonic();
    if (this.#text === undefined || now - this.#readAt >= freshMs) {
      this.#readAt = now;
      try {
        this.#text = readFileSync(this.#path, 'utf8').trimEnd();
      } catch (error) {
        if (this.#text === undefined)
          throw new ConfigError(
            'FileUnreadable',
            `cannot read ${this.#what} from ${this.#path}: ${(error as Error).message}`,
            this.#remedy,
            { cause: error },
          );
      }
    }
    return this.#text!;
  }

  /** The next `read` looks at the file. */
  expire(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }
}
