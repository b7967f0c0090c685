import { arch, platform } from 'node:process';
import { parseDigest } from './digest.ts';
import { OciError } from './errors.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Where else the bytes can be had: such a layer is not for every registry (Windows base layers). */
  readonly urls?: readonly string[];
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

export interface Manifest {
  readonly mediaType: string;
  readonly artifactType?: string;
  /** Absent in artifact manifests. */
  readonly config?: Descriptor;
  /** `blobs` in artifact manifests. */
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export type IndexEntry = Descriptor & { readonly platform?: Platform };

export interface Index {
  readonly mediaType: string;
  readonly manifests: readonly IndexEntry[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

export type ParsedManifest =
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

const INDEX_TYPES = [OCI_INDEX, 'application/vnd.docker.distribution.manifest.list.v2+json'];
const MANIFEST_TYPES = [
  OCI_MANIFEST,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
];

/** For the Accept header: every kind of manifest that is understood. */
export const ACCEPTED_MANIFESTS = [...MANIFEST_TYPES, ...INDEX_TYPES].join(', ');

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The platform of this machine's containers: Linux, whatever the host. */
export const hostPlatform: Platform = {
  os: platform === 'win32' ? 'windows' : 'linux',
  architecture: ARCHITECTURES[arch] ?? arch,
};

/** Reads a manifest or index; `contentType` decides where the document itself names no media type. Throws OciError `UnsupportedManifest`. */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined, where: string): ParsedManifest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw unsupported(where, 'it is not JSON', cause);
  }
  if (!isRecord(document)) throw unsupported(where, 'it is not a JSON object');
  const named = typeof document['mediaType'] === 'string' ? document['mediaType'] : contentType?.split(';')[0]?.trim();
  const mediaType = named ?? (Array.isArray(document['manifests']) ? INDEX_TYPES[0] : MANIFEST_TYPES[0]) ?? '';
  const { config, subject, artifactType } = document;
  const common = {
    mediaType,
    annotations: strings(document['annotations']),
    ...(subject == null ? {} : { subject: descriptor(subject, where) }),
  };
  if (INDEX_TYPES.includes(mediaType)) {
    return { kind: 'index', index: { ...common, manifests: indexEntries(document, where) } };
  }
  if (!MANIFEST_TYPES.includes(mediaType)) throw unsupported(where, `its type is ${mediaType.slice(0, 100)}`);
  const layers = document['layers'] ?? document['blobs'] ?? [];
  if (!Array.isArray(layers)) throw unsupported(where, 'its layers are no list');
  return {
    kind: 'manifest',
    manifest: {
      ...common,
      layers: layers.map((layer: unknown) => descriptor(layer, where)),
      ...(config === undefined ? {} : { config: descriptor(config, where) }),
      ...(typeof artifactType === 'string' ? { artifactType } : {}),
    },
  };
}

function indexEntries(document: Readonly<Record<string, unknown>>, where: string): Index['manifests'] {
  const { manifests } = document;
  if (!Array.isArray(manifests)) throw unsupported(where, 'its manifests are no list');
  return manifests.map((entry: unknown) => {
    const platform = isRecord(entry) ? entry['platform'] : undefined;
    if (!isRecord(platform)) return descriptor(entry, where);
    const { os, architecture, variant } = platform;
    return {
      ...descriptor(entry, where),
      platform: {
        os: String(os),
        architecture: String(architecture),
        ...(typeof variant === 'string' ? { variant } : {}),
      },
    };
  });
}

/**
 * The entry of an index for a platform: the same os and architecture, and the same variant where one is asked for; else, where just one entry is
 * neither of another platform nor an attestation, that one. Throws OciError `UnsupportedPlatform` naming those there are.
 */
export function selectManifest(index: Index, wanted: Platform, where: string): Descriptor {
  const real = index.manifests.filter((entry) => entry.annotations?.['vnd.docker.reference.type'] === undefined);
  const fitting = real.filter(
    ({ platform }) =>
      platform?.os === wanted.os &&
      platform.architecture === wanted.architecture &&
      (wanted.variant === undefined || platform.variant === wanted.variant),
  );
  const neutral = real.filter(({ platform }) => platform === undefined || platform.os === 'unknown');
  const [only] = neutral.length === 1 ? neutral : [];
  const chosen = fitting[0] ?? only;
  if (chosen !== undefined) return chosen;
  const have = real.map(({ platform }) => (platform === undefined ? 'any' : `${platform.os}/${platform.architecture}`));
  throw new OciError('UnsupportedPlatform', `${where} is not there for ${wanted.os}/${wanted.architecture}.`, {
    remedy: `Ask for one of the platforms it has: ${[...new Set(have)].join(', ') || 'none'}.`,
  });
}

function descriptor(value: unknown, where: string): Descriptor {
  if (!isRecord(value)) throw unsupported(where, 'a descriptor is no object');
  const { mediaType, digest, size, artifactType, urls } = value;
  if (typeof digest !== 'string' || parseDigest(digest) === undefined)
    throw unsupported(where, 'a descriptor has no valid digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw unsupported(where, 'a descriptor has no valid size');
  return {
    mediaType: typeof mediaType === 'string' ? mediaType : 'application/octet-stream',
    digest,
    size,
    ...(isRecord(value['annotations']) ? { annotations: strings(value['annotations']) } : {}),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(Array.isArray(urls) ? { urls: urls.filter((url) => typeof url === 'string') } : {}),
  };
}

function strings(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unsupported(where: string, why: string, cause?: unknown): OciError {
  return new OciError('UnsupportedManifest', `${where} cannot be used: ${why}.`, {
    remedy: 'Push it as an OCI image or artifact (manifest schema 2).',
    cause,
  });
}
