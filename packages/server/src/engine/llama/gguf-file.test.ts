import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../engine.ts';
import { checkGgufFile, readVocabulary } from './gguf-file.ts';
import { writeTinyModel } from './testing/tiny-model.ts';

let folder: string;
let whole: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gguf-file-'));
  await writeTinyModel(path.join(folder, 'tiny.gguf'));
  whole = await readFile(path.join(folder, 'tiny.gguf'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function check(bytes: Uint8Array): Promise<unknown> {
  const file = path.join(folder, 'probe.gguf');
  await writeFile(file, bytes);
  return await checkGgufFile(file).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('checkGgufFile', () => {
  it('accepts a whole model', async () => {
    expect(await check(whole)).toBeUndefined();
  });

  it('refuses a file cut short anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        expect(await check(whole.subarray(0, length))).toMatchObject({ code: 'ModelFileInvalid' });
      }),
    );
  });

  it('says how much is missing', async () => {
    const error = await check(whole.subarray(0, whole.length - 100));
    expect((error as Error).message).toMatch(/cut short: its tensors need \d+ bytes and the file has \d+/);
  });

  it('refuses another format and another version', async () => {
    expect(await check(Buffer.from('PK\u0003\u0004 not a model'))).toMatchObject({
      code: 'ModelFileInvalid',
      message: expect.stringContaining('GGUF') as string,
    });
    const version = Buffer.from(whole);
    version.writeUInt32LE(99, 4);
    expect(await check(version)).toMatchObject({ message: expect.stringContaining('version is 99') as string });
  });

  it('never fails but with an EngineError, whatever byte of the header is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6000 }), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        const error = await check(damaged);
        if (error !== undefined) expect(error).toBeInstanceOf(EngineError);
      }),
    );
  });

  it('tells a missing file from a broken one', async () => {
    await expect(checkGgufFile(path.join(folder, 'none.gguf'))).rejects.toMatchObject({ code: 'ModelFileMissing' });
    await expect(checkGgufFile(folder)).rejects.toMatchObject({ code: 'ModelFileMissing' });
  });
});

it('reads the vocabulary', async () => {
  const { model, tokens } = await readVocabulary(path.join(folder, 'tiny.gguf'));
  expect(model).toBe('gpt2');
  expect(tokens).toHaveLength(259);
  expect(tokens.at(-1)).toBe('<|turn|>');
});
