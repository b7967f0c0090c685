import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkout } from '../checkout.ts';
import { checkVersions } from './cuda.ts';

it('the CUDA build that is downloaded is of the version of the binding that is installed', async () => {
  await expect(checkVersions()).resolves.toBeUndefined();
});

it("each of NVIDIA's packages is pinned by version and digest", async () => {
  const lines = (await readFile(join(checkout, 'images/cuda-requirements.txt'), 'utf8')).trim().split('\n');
  const pins = lines.filter((line) => !line.startsWith('#'));
  expect(pins).toHaveLength(2);
  for (const pin of pins) expect(pin).toMatch(/^[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}$/);
});
