import {
  fileSource,
  formatReference,
  HttpClient,
  parseReference,
  pushArtifact,
  type PushedBlob,
  type Reference,
  RegistryClient,
  type UploadJournal,
} from '@kaito/oci';
import { asWeightsError, WeightsError } from './errors.ts';
import { fetchWeights } from './fetch.ts';
import type { WeightsOptions, WeightsRequest } from './request.ts';
import { fileNameOf } from './source-text.ts';
import { registryCredentials } from './sources/oci.ts';

/** Media types of the CNCF model specification (ModelPack, v1). */
const MODEL_ARTIFACT = 'application/vnd.cncf.model.manifest.v1+json';
const MODEL_CONFIG = 'application/vnd.cncf.model.config.v1+json';
const MODEL_WEIGHTS = 'application/vnd.cncf.model.weight.v1.raw';

export interface PushModelOptions extends WeightsOptions {
  /** Remembers the upload, so that one that was cut off goes on. */
  readonly journal?: UploadJournal;
  /** Hears how much of the file the registry has. */
  readonly onPush?: (doneBytes: number, totalBytes: number) => void;
}

export interface PushedModel {
  /** With its digest: what a source of type `oci` names. */
  readonly reference: string;
  readonly digest: string;
  readonly file: string;
  readonly bytes: number;
  /** Digest of the file itself. */
  readonly weights: string;
  readonly how: PushedBlob['how'];
}

/**
 * Makes an OCI artifact of one file of weights, from whatever source, and pushes it: one layer, the file as it is, so that an `oci` source gives back the same bytes. The same file gives the same
 * artifact. Throws WeightsError as `fetchWeights` does, and the registry's errors.
 */
export async function pushModel(
  request: WeightsRequest,
  destination: string,
  options: PushModelOptions,
): Promise<PushedModel> {
  const environment = options.environment ?? process.env;
  const reference = parseDestination(destination);
  const { path, digest: weights, bytes } = await fetchWeights(request, options);
  const file = request.sources.map(fileNameOf).find((name) => name !== undefined) ?? 'model.gguf';
  const { connectTimeoutMs, plainHttp, retry, timing, signal, onPush, journal } = options;
  const http = new HttpClient({ connectTimeoutMs, plainHttp, environment });
  const credentials = registryCredentials(options, environment);
  const client = new RegistryClient({ http, credentials, plainHttp, retry, timing });
  const config = {
    descriptor: { name: request.name },
    modelfs: { type: 'layers', diffIds: [weights] },
    config: /\.gguf$/i.test(file) ? { format: 'gguf' } : {},
  };
  const annotations = { 'org.opencontainers.image.title': file, 'org.cncf.model.filepath': file };
  try {
    const pushed = await pushArtifact(
      client,
      reference,
      {
        artifactType: MODEL_ARTIFACT,
        config: { mediaType: MODEL_CONFIG, bytes: Buffer.from(JSON.stringify(config)) },
        layers: [
          {
            descriptor: { mediaType: MODEL_WEIGHTS, digest: weights, size: bytes, annotations },
            source: fileSource(path),
          },
        ],
        annotations: { 'org.opencontainers.image.title': request.name },
      },
      { signal, journal, onProgress: (done) => onPush?.(Math.min(done, bytes), bytes) },
    );
    const { digest } = pushed;
    const how = pushed.layers[0]?.how ?? 'exists';
    return { reference: formatReference({ ...reference, digest }), digest, file, bytes, weights, how };
  } catch (error) {
    throw asWeightsError(error);
  } finally {
    http.close();
  }
}

function parseDestination(text: string): Reference {
  let reference: Reference;
  try {
    reference = parseReference(text);
  } catch (error) {
    throw asWeightsError(error);
  }
  if (reference.digest === undefined) return reference;
  throw new WeightsError('InvalidRequest', `${text.slice(0, 300)} names a digest, which the artifact itself decides.`, {
    remedy: 'Name the destination by a tag: registry/repository:tag.',
  });
}
