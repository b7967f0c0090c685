import { describe, expect, it } from 'vitest';
import { pushArtifact } from './artifact.ts';
import { digestOf } from './digest.ts';
import { OCI_MANIFEST } from './manifest.ts';
import { RegistryClient } from './registry.ts';
import { startWritableRegistry } from './testing/index.ts';
import { bytesSource } from './upload/blob-source.ts';

const image = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));
const note = Buffer.from('what is in it');
const artifactType = 'application/vnd.example.note';

describe('pushArtifact with a subject', () => {
  it.each([{ referrers: true }, { referrers: false }])(
    'is listed as its referrer, whether the registry keeps the list ($referrers) or not',
    async (options) => {
      await using registry = await startWritableRegistry(options);
      const client = new RegistryClient();
      const repository = { registry: registry.host, repository: 'app' };
      const { digest } = await client.pushManifest(
        { ...repository, tag: 'v1' },
        { bytes: image, mediaType: OCI_MANIFEST },
      );
      const pushed = await pushArtifact(client, repository, {
        artifactType,
        config: { mediaType: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') },
        layers: [
          {
            descriptor: { mediaType: 'text/plain', digest: digestOf(note), size: note.length },
            source: bytesSource(note),
          },
        ],
        subject: { mediaType: OCI_MANIFEST, digest, size: image.length },
      });
      expect(await client.referrers(repository, digest)).toMatchObject([{ digest: pushed.digest }]);
      expect([...registry.manifests.keys()]).toContain(`app@${pushed.digest}`);
    },
  );
});
