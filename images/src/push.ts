import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import {
  bytesSource,
  type CredentialSource,
  digestOf,
  dockerConfigFile,
  dockerCredentials,
  fileSource,
  parseReference,
  pushArtifact,
  RegistryClient,
} from '@kaito/oci';
import { blobFile, type BuiltImage, readManifest } from './layout.ts';
import { sbomFile, sbomType } from './sbom/sbom.ts';

const emptyConfig = { mediaType: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') };

export interface PushOptions {
  /** Speak http to registries other than this machine; to this machine http is spoken anyhow. */
  readonly plainHttp?: boolean;
  /** Default: Docker's logins. */
  readonly credentials?: CredentialSource;
  /** A repository of the same registry that was pushed to just now: layers that it has are not sent again. */
  readonly mountFrom?: string;
  readonly signal?: AbortSignal;
}

/**
 * Pushes an image as it is on this disk, and its bill of materials as its referrer. Returns its digest, which is that of the image.
 *
 * @throws OciError as RegistryClient's `pushBlob` and `pushManifest`.
 */
export async function pushImage(image: BuiltImage, reference: string, options: PushOptions = {}): Promise<string> {
  const { plainHttp, credentials = dockerCredentials(dockerConfigFile()), mountFrom, signal } = options;
  const client = new RegistryClient({ plainHttp, credentials });
  const target = parseReference(reference);
  const { config, layers, mediaType } = await readManifest(image);
  for (const blob of [...layers, config!]) {
    await client.pushBlob(target, blob, fileSource(blobFile(image.layout, blob.digest)), { mountFrom, signal });
  }
  const bytes = await readFile(blobFile(image.layout, image.digest));
  const { digest } = await client.pushManifest(target, { bytes, mediaType }, { signal });
  if (existsSync(sbomFile(image))) {
    const bill = await readFile(sbomFile(image));
    const descriptor = { mediaType: sbomType, digest: digestOf(bill), size: bill.length };
    const { registry, repository } = target;
    await pushArtifact(
      client,
      { registry, repository },
      {
        artifactType: sbomType,
        config: emptyConfig,
        layers: [{ descriptor, source: bytesSource(bill) }],
        subject: { mediaType, digest, size: bytes.length },
      },
      { signal },
    );
  }
  return digest;
}
