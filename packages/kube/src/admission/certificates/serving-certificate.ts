/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Where a server gets its certificate, and hears of the next one. */
export interface ServingCertificate {
  readonly current: KeyPair | undefined;
  /** Resolves with the first pair; never rejects, and never resolves where none comes. */
  whenReady(): Promise<KeyPair>;
  /** Called with each later pair. Returns the way to stop. */
  onChange(handler: (pair: KeyPair) => void): () => void;
  /** Why there is none, or why it cannot be renewed; undefined when all is well. */
  problem(): string | undefined;
}

/** A certificate that stays as it is. */
export function fixedCertificate(pair: KeyPair): ServingCertificate {
  return {
    current: pair,
    whenReady: () => Promise.resolve(pair),
    onChange: () => () => {},
    problem: () => undefined,
  };
}
