import { createHash } from 'node:crypto';
import { type TarFile, tar } from './tar.ts';

/** An image of one layer. */
export interface SmallImage {
  /** In full, as containerd knows it: `registry/path:tag`. */
  readonly reference: string;
  readonly files: readonly TarFile[];
  readonly entrypoint: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));

/** Bytes of an OCI image layout in a tar, which `ctr images import` takes; for this machine's architecture. The same images give the same bytes. */
export function imageArchive(...images: readonly SmallImage[]): Buffer {
  const blobs = new Map<string, Buffer>();
  const add = (content: Buffer): Blob => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { digest, size: content.length };
  };
  const manifests = images.map((image) => ({
    mediaType: manifestType,
    ...addImage(image, add),
    annotations: { 'io.containerd.image.name': image.reference },
  }));
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json({ schemaVersion: 2, manifests }) },
    ...[...blobs].map(([digest, content]) => ({ path: `blobs/${digest.replace(':', '/')}`, content })),
  ]);
}

interface Blob {
  readonly digest: string;
  readonly size: number;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

function addImage({ files, entrypoint, env = {}, labels = {} }: SmallImage, add: (content: Buffer) => Blob): Blob {
  const layer = add(tar(files));
  const config = add(
    json({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        Entrypoint: entrypoint,
        Env: ['PATH=/', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
        Labels: labels,
      },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
  );
  return add(
    json({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    }),
  );
}
