import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AccessToken, type AzureError, knownClouds } from '@kaito/azure';
import { silentLogger, systemClock } from '@kaito/kube';
import { expect, test } from 'vitest';
import { readSettings } from '../settings.ts';
import { azureError } from '../testing/memory-pools.ts';
import { environment } from '../testing/provisioner.ts';
import { checkIdentity, connectAzure } from './connect-azure.ts';
import { leaveTerminationMessage } from './termination-message.ts';

const signal = new AbortController().signal;
async function checking(refusal?: AzureError): Promise<void> {
  const token = async (): Promise<AccessToken> => {
    await Promise.resolve();
    if (refusal !== undefined) throw refusal;
    return { value: 't', expiresAt: 1 };
  };
  await checkIdentity({ cloud: knownClouds[0]!, credential: { token } }, { logger: silentLogger, signal });
}

test('W16: a missing federation ends the process; what passes by itself does not', async () => {
  await expect(checking()).resolves.toBeUndefined();
  await expect(checking(azureError('FederationMissing'))).rejects.toMatchObject({ code: 'FederationMissing' });
  await expect(checking(azureError('NetworkUnreachable', { retry: 'soon' }))).resolves.toBeUndefined();
});

test('W17: the cloud is that of the environment', async () => {
  const settings = readSettings([], environment);
  if (settings === 'help') throw new Error('no help was asked for');
  const around = { clock: systemClock, logger: silentLogger, signal };
  const { cloud } = await connectAzure(settings, { ...environment, AZURE_ENVIRONMENT: 'AzureUSGovernment' }, around);
  expect(cloud.resourceManager).toBe('https://management.usgovcloudapi.net');
  await expect(connectAzure(settings, { ...environment, AZURE_ENVIRONMENT: 'Mine' }, around)).rejects.toMatchObject({
    code: 'InvalidRequest',
  });
});

test('the reason of an exit is left where the kubelet reads it, and nowhere else', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'termination-'));
  const file = path.join(folder, 'log');
  leaveTerminationMessage(file, 'lost');
  expect(() => readFileSync(file)).toThrow('ENOENT');
  writeFileSync(file, '');
  leaveTerminationMessage(file, `no federation ${'ü'.repeat(5000)}`);
  expect(readFileSync(file, 'utf8')).toMatch(/^no federation ü/);
  expect(readFileSync(file)).toHaveLength(4096);
});
