import type { HttpClient } from '@kaito/oci';
import type { WeightsOptions, WeightsProgress } from '../request.ts';

/** What a source needs to fetch one file into `file`. */
export interface FetchContext {
  readonly name: string;
  /** The digest the file must have, if known. */
  readonly digest: string | undefined;
  readonly bytes: number | undefined;
  /** Where the bytes go; may hold the beginning from an earlier try. */
  readonly file: string;
  readonly http: HttpClient;
  readonly options: WeightsOptions;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (step: WeightsProgress['step'], doneBytes: number, totalBytes?: number) => void;
}

/** What lies in `context.file` afterwards: verified against `context.digest` and `context.bytes`, and durable. */
export interface Fetched {
  readonly digest: string;
  readonly bytes: number;
}
