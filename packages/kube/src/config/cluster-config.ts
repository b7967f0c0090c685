/** What proves who we are. */
export interface Credential {
  readonly token?: string;
  /** PEM; together with `key`. */
  readonly certificate?: string;
  readonly key?: string;
}

/** Where credentials come from. */
export interface Credentials {
  /** What to use now; a promise only where it must be fetched first. @throws ConfigError */
  current(signal?: AbortSignal): Credential | Promise<Credential>;
  /** The server did not accept it (401): the next `current` fetches anew. @returns whether another one may come. */
  refused(credential: Credential): boolean;
}

/** Whom to act as, by the impersonation headers. */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** How one API server is reached. */
export interface ClusterConfig {
  /** `https://host:port`, with a path where the server is behind one. */
  readonly server: string;
  /** The namespace to use where a person names none. */
  readonly namespace: string;
  /** For messages: `context "prod" of /home/ada/.kube/config`. */
  readonly source: string;
  /** The kubeconfig's context, where there is one. */
  readonly context?: string;
  /** PEM of the authorities to trust now; undefined: the system's. */
  readonly authorities: () => string | undefined;
  /** The name to expect in the server's certificate, where it is not the host. */
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** The proxy, as the environment names it: `{ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '10.0.0.0/8' }`. */
  readonly proxy?: Readonly<Record<string, string | undefined>>;
  readonly impersonate?: Impersonation;
  /** Ask for compressed lists: they pay on a slow link and cost both sides CPU on a fast one. */
  readonly compress?: boolean;
  readonly credentials: Credentials;
}

/** Why there is no usable configuration: a code, one sentence, and what mends it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}

/** A credential that never changes. */
export function fixedCredential(credential: Credential): Credentials {
  return { current: () => credential, refused: () => false };
}
