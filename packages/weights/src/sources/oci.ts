import { basename } from 'node:path';
import {
  type CredentialSource,
  type Descriptor,
  dockerConfigFile,
  dockerCredentials,
  type Manifest,
  RegistryClient,
} from '@kaito/oci';
import { WeightsError } from '../errors.ts';
import type { WeightSource, WeightsOptions } from '../request.ts';
import type { FetchContext, Fetched } from './source.ts';

type OciSource = Extract<WeightSource, { type: 'oci' }>;

/** Annotations that carry a layer's file name: OCI's own, and the CNCF model specification's. */
const NAME_ANNOTATIONS = ['org.opencontainers.image.title', 'org.cncf.model.filepath'];
/** Layers that are a model file without being named as one: Docker's and Ollama's. */
const MODEL_TYPES = ['application/vnd.docker.ai.gguf.v3', 'application/vnd.ollama.image.model'];
/** Packed layers are not the file itself. */
const PACKED = /[+.](tar|gzip|zstd)\b|\.(tar|tgz|gz)$/;

/** Logins for registries: those that are given, else Docker's. */
export function registryCredentials(
  { credentials, dockerConfigFile: file }: Pick<WeightsOptions, 'credentials' | 'dockerConfigFile'>,
  environment: NodeJS.ProcessEnv,
): CredentialSource {
  return credentials ?? dockerCredentials(file ?? dockerConfigFile(environment), environment);
}

/** Fetches the layer of an OCI artifact that is the wanted file. */
export async function fetchFromOci(source: OciSource, context: FetchContext): Promise<Fetched> {
  const { signal, plainHttp, retry, timing, freeBytes } = context.options;
  const client = new RegistryClient({
    http: context.http,
    credentials: registryCredentials(context.options, context.environment),
    plainHttp,
    retry,
    timing,
  });
  context.report('resolve', 0);
  const { reference, manifest } = await client.resolve(source.reference, { signal });
  const layer = chooseLayer(manifest, source);
  const wrongSize = context.bytes !== undefined && layer.size !== context.bytes;
  if (wrongSize || (context.digest !== undefined && layer.digest !== context.digest)) {
    throw new WeightsError(
      'DigestMismatch',
      `${source.reference} holds ${layer.digest} (${layer.size} bytes) where ${context.digest ?? ''}${wrongSize ? ` (${context.bytes} bytes)` : ''} was expected.`,
      { remedy: 'The artifact was replaced under this tag, or another one is meant: name it by its digest.' },
    );
  }
  await client.pullBlob(reference, layer, context.file, {
    signal,
    freeBytes,
    onProgress: ({ step, doneBytes, totalBytes }) => context.report(step, doneBytes, totalBytes),
  });
  return { digest: layer.digest, bytes: layer.size };
}

function chooseLayer(manifest: Manifest, source: OciSource): Descriptor {
  const { file } = source;
  const named = manifest.layers.filter((layer) => nameOf(layer) !== undefined);
  const fitting =
    file !== undefined
      ? named.filter((layer) => nameOf(layer) === file || basename(nameOf(layer) ?? '') === file)
      : modelLayers(manifest.layers);
  const [layer, second] = fitting;
  if (layer === undefined || second !== undefined) {
    const names = named.map(nameOf).join(', ');
    throw new WeightsError(
      'NotFound',
      `${source.reference} holds ${layer === undefined ? 'no' : 'more than one'} ${file ?? 'model file'}.`,
      {
        remedy:
          names === '' ? 'Its layers carry no file names: use another artifact.' : `Name one of its files: ${names}.`,
      },
    );
  }
  if (PACKED.test(layer.mediaType)) {
    throw new WeightsError(
      'UnsupportedManifest',
      `${nameOf(layer) ?? layer.digest} in ${source.reference} is packed (${layer.mediaType}).`,
      {
        remedy: 'Push the file as it is, e.g. with oras push.',
      },
    );
  }
  return layer;
}

function modelLayers(layers: readonly Descriptor[]): readonly Descriptor[] {
  if (layers.length === 1) return layers;
  return layers.filter((layer) => MODEL_TYPES.includes(layer.mediaType) || nameOf(layer)?.endsWith('.gguf'));
}

function nameOf(layer: Descriptor): string | undefined {
  return NAME_ANNOTATIONS.map((key) => layer.annotations?.[key]).find((name) => name !== undefined);
}
