import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAzure } from '../setup.ts';

const listeners = (): number => process.getActiveResourcesInfo().filter((each) => each === 'TCPServerWrap').length;

test('nothing listens once an emulator has ended, however soon it was told to', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kaito-ports-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const before = listeners();
  const azure = await startAzure({ directory });
  await azure.stop();
  await expect.poll(listeners).toBe(before);
});
