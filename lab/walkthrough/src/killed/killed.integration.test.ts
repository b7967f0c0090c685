import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkRealNodes } from '@kaito/lab-kubernetes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepare } from '../environment/prepare.ts';
import { holdings, marksIn } from './leftovers.ts';
import { runUntil } from './run-until.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const argv = [process.execPath, '--disable-warning=ExperimentalWarning', main];
const folder = mkdtempSync(join(tmpdir(), 'killed-'));
const marks = new Set<string>();

const reason = await checkRealNodes().then(
  () => undefined,
  ({ message }: Error) => message,
);

beforeAll(async () => {
  if (reason === undefined) await prepare(() => {});
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Notes whose cgroups must go, and says whether `sign` is there. */
function seen(sign: () => boolean): () => boolean {
  return () => {
    for (const mark of marksIn(folder)) marks.add(mark);
    return sign();
  };
}

const left = (): readonly string[] => holdings(folder, [...marks]);

test.skipIf(reason !== undefined).each([
  ['before there is anything', 1, () => true],
  ['while its nodes boot', 7, () => marks.size > 0],
  ['while its pods start', 8, () => marks.size > 0],
  ['while an image is imported and attached', 22, () => true],
  ["while the model's machine boots", 30, () => true],
])(
  `killed %s, it leaves nothing${reason === undefined ? '' : ` (${reason})`}`,
  async (_, step, sign) => {
    const env = { ...process.env, TMPDIR: folder };
    expect(await runUntil(argv, step, { env, seen: seen(sign) })).toBe('killed');
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
  },
  300_000,
);
