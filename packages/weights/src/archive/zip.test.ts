import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zip } from '../testing/zip-writer.ts';
import { extractZipEntry, readZipEntries } from './zip.ts';

let directory: string;
let count = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function unpack(archive: Buffer): Promise<Record<string, string>> {
  const file = join(directory, `${(count += 1)}.zip`);
  await writeFile(file, archive);
  const found: Record<string, string> = {};
  for (const entry of await readZipEntries(file)) {
    const chunks: Buffer[] = [];
    await extractZipEntry(file, entry, async (chunk) => void chunks.push(chunk));
    found[entry.name] = Buffer.concat(chunks).toString('latin1');
  }
  return found;
}

describe('zip', () => {
  it.each([{}, { zip64: true }, { stored: true }, { stored: true, zip64: true }])('unpacks %j', async (options) => {
    const members = ['a', 'ü/b', 'c'].map((name, index) => ({
      name,
      bytes: Buffer.alloc(index * 300_000, name),
      ...options,
    }));
    const found = await unpack(zip(members, 'a comment'));
    expect(found).toEqual(Object.fromEntries(members.map(({ name, bytes }) => [name, bytes.toString('latin1')])));
  });

  it('gives back what was packed, or says that the archive is damaged', async () => {
    const members = fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z/]{1,9}$/),
        bytes: fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
        stored: fc.boolean(),
      }),
      { selector: ({ name }) => name, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(members, fc.nat(), fc.integer({ min: 1, max: 255 }), async (packed, place, flip) => {
        const archive = zip(packed);
        const expected = Object.fromEntries(packed.map(({ name, bytes }) => [name, bytes.toString('latin1')]));
        expect(await unpack(archive)).toEqual(expected);
        const damaged = Buffer.from(archive);
        const at = place % damaged.length;
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const outcome = await unpack(damaged).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'ArchiveDamaged' });
        const cut = await unpack(archive.subarray(0, at)).catch((error: unknown) => error);
        expect(cut).toMatchObject({ code: 'ArchiveDamaged' });
      }),
      { numRuns: 60 },
    );
  });

  it('refuses encrypted members', async () => {
    const file = join(directory, 'plain.zip');
    await writeFile(file, zip([{ name: 'a', bytes: Buffer.from('a') }]));
    const [entry] = await readZipEntries(file);
    const failed = extractZipEntry(file, { ...entry!, encrypted: true }, async () => {});
    await expect(failed).rejects.toMatchObject({ code: 'ArchiveDamaged' });
  });
});
