import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BuiltImage } from '../layout.ts';

/** What a bill of materials in CycloneDX' JSON is known as. */
export const sbomType = 'application/vnd.cyclonedx+json';

/** A part of an image, as CycloneDX 1.5 has it. */
export interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** Package URL. */
  readonly purl: string;
  readonly [property: string]: unknown;
}

/** The file beside an image's layout. */
export function sbomFile({ layout }: Pick<BuiltImage, 'layout'>): string {
  return join(dirname(layout), 'sbom.cdx.json');
}

/** Writes the bill of materials of an image, as which it goes by `name` and `version`; the same image gives the same bytes. */
export async function writeSbom(
  image: BuiltImage,
  { name, version }: { readonly name: string; readonly version: string },
  components: readonly Component[],
): Promise<void> {
  const serial = createHash('sha256').update(image.digest).digest('hex');
  const uuid = [8, 4, 4, 4, 12].reduce<readonly string[]>(
    (parts, length) => [...parts, serial.slice(parts.join('').length, parts.join('').length + length)],
    [],
  );
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuid.join('-')}`,
    version: 1,
    metadata: {
      component: {
        'bom-ref': image.digest,
        type: 'container',
        name,
        version,
        hashes: [{ alg: 'SHA-256', content: image.digest.replace('sha256:', '') }],
      },
    },
    components: components.toSorted((a, b) => (a.purl < b.purl ? -1 : 1)),
  };
  await writeFile(sbomFile(image), `${JSON.stringify(bill, undefined, 2)}\n`);
}

/** The parts of an image that was built. */
export async function readComponents(image: BuiltImage): Promise<readonly Component[]> {
  return (JSON.parse(await readFile(sbomFile(image), 'utf8')) as { readonly components: readonly Component[] })
    .components;
}
