import { digestOf } from './digest.ts';
import { type Descriptor, OCI_MANIFEST } from './manifest.ts';
import type { Reference } from './reference.ts';
import type { RegistryClient } from './registry.ts';
import { type BlobSource, bytesSource } from './upload/blob-source.ts';
import type { PushBlobOptions, PushedBlob } from './upload/push-blob.ts';

/** An artifact to push. */
export interface Artifact {
  readonly artifactType: string;
  readonly config: { readonly mediaType: string; readonly bytes: Uint8Array };
  readonly layers: readonly { readonly descriptor: Descriptor; readonly source: BlobSource }[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The manifest that it is about, in the same repository, of which it becomes a referrer. */
  readonly subject?: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
}

/**
 * Pushes an artifact: its layers, one after the other, then its manifest, under its digest alone where the reference has no tag. The same artifact gives the same
 * digest. `onProgress` hears of all layers together. Throws OciError as `pushBlob` and `pushManifest` do.
 */
export async function pushArtifact(
  client: RegistryClient,
  reference: Pick<Reference, 'registry' | 'repository' | 'tag'>,
  artifact: Artifact,
  options: Omit<PushBlobOptions, 'mountFrom'> = {},
): Promise<{ readonly digest: string; readonly layers: readonly PushedBlob[] }> {
  const { config, artifactType, annotations, subject } = artifact;
  const configDescriptor = { mediaType: config.mediaType, digest: digestOf(config.bytes), size: config.bytes.length };
  const layers: PushedBlob[] = [];
  let before = 0;
  for (const { descriptor, source } of artifact.layers) {
    const onProgress = (done: number) => options.onProgress?.(before + done);
    layers.push(await client.pushBlob(reference, descriptor, source, { ...options, onProgress }));
    before += descriptor.size;
  }
  const { onProgress: _, ...quiet } = options;
  await client.pushBlob(reference, configDescriptor, bytesSource(config.bytes), quiet);
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: configDescriptor,
    layers: artifact.layers.map(({ descriptor }) => descriptor),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = digestOf(bytes);
  const { registry, repository, tag } = reference;
  const target = { registry, repository, ...(tag === undefined ? { digest } : { tag }) };
  const { subjectKnown } = await client.pushManifest(target, { bytes, mediaType: OCI_MANIFEST }, options);
  if (subject !== undefined && !subjectKnown) {
    const entry = { mediaType: OCI_MANIFEST, digest, size: bytes.length, artifactType };
    const listed = annotations === undefined ? entry : { ...entry, annotations };
    await client.addReferrer(reference, subject.digest, listed, options);
  }
  return { digest, layers };
}
