import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLogger, systemClock } from '@kaito/kube';
import { labDriver } from '../driver/lab.ts';
import { playFederation } from '../testing/federation.ts';
import { mintWith } from '../testing/mint.ts';
import type { JsonObject } from '../../store/store.ts';

test('Entra takes the tokens of a control plane that was started with its issuer', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kaito-aks-'));
  const driver = labDriver({ directory, clock: systemClock, logger: silentLogger });
  await playFederation(driver, ({ id, properties }) => {
    const uid = String((properties as JsonObject)['resourceUID']);
    const connection = driver.connect({ id: String(id), uid, issuer: '' });
    expect(connection).toBeDefined();
    return mintWith(connection!.client);
  });
  rmSync(directory, { recursive: true });
});
