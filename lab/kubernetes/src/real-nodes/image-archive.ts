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

/** Bytes of an OCI image layout in a tar, which `ctr images import` takes; for this machine's architecture. The same image gives the same bytes. */
export function imageArchive({ reference, files, entrypoint, env = {}, labels = {} }: SmallImage): Buffer {
  const blobs: TarFile[] = [];
  const add = (content: Buffer): { readonly digest: string; readonly size: number } => {
    const digest = digestOf(content);
    blobs.push({ path: `blobs/${digest.replace(':', '/')}`, content });
    return { digest, size: content.length };
  };
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
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = add(
    json({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    }),
  );
  const index = json({
    schemaVersion: 2,
    manifests: [{ mediaType, ...manifest, annotations: { 'io.containerd.image.name': reference } }],
  });
  return tar([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: index },
    ...blobs,
  ]);
}
