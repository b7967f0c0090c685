import type { Credential, Credentials } from './cluster-config.ts';
import type { TextSource } from './pem.ts';

/** A token, or a certificate and its key, that stand in files (or as text), read anew when those change. */
export class FileCredentials implements Credentials {
  readonly #token: TextSource | undefined;
  readonly #certificate: TextSource | undefined;
  readonly #key: TextSource | undefined;

  constructor(from: {
    readonly token?: TextSource | undefined;
    readonly certificate?: TextSource | undefined;
    readonly key?: TextSource | undefined;
  }) {
    this.#token = from.token;
    this.#certificate = from.certificate;
    this.#key = from.key;
  }

  current(): Credential {
    return {
      ...(this.#token === undefined ? {} : { token: this.#token.read() }),
      ...(this.#certificate === undefined ? {} : { certificate: this.#certificate.read() }),
      ...(this.#key === undefined ? {} : { key: this.#key.read() }),
    };
  }

  /** Looks at the files again; another try is worth it only where they have changed. */
  refused(credential: Credential): boolean {
    for (const source of [this.#token, this.#certificate, this.#key]) source?.expire();
    const now = this.current();
    return now.token !== credential.token || now.certificate !== credential.certificate || now.key !== credential.key;
  }
}
