import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { silentLogger, systemClock } from '@kaito/kube';
import { endClusters } from '../../launch/kubernetes.ts';
import { labDriver } from '../driver/lab.ts';
import { playFederation } from '../testing/federation.ts';
import { mintWith } from '../testing/mint.ts';
import type { JsonObject } from '../../store/store.ts';

const directory = mkdtempSync(join(tmpdir(), 'kaito-aks-'));

afterAll(async () => {
  await endClusters(directory);
  rmSync(directory, { recursive: true });
});

test('Entra takes the tokens of a control plane that was started with its issuer', async () => {
  const driver = labDriver({ directory: join(directory, 'clusters'), clock: systemClock, logger: silentLogger });
  await playFederation(driver, ({ id, properties }) => {
    const uid = String((properties as JsonObject)['resourceUID']);
    const connection = driver.connect({ id: String(id), uid });
    expect(connection).toBeDefined();
    return mintWith(connection!.client);
  });
});
