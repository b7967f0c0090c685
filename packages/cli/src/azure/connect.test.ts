import { expect, test } from 'vitest';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { recording } from '../terminal/recording.ts';
import { subscriptionId } from './testing/azure.ts';
import { onAzure } from './connect.ts';

async function failing(env: Readonly<Record<string, string>>, subscription?: string) {
  const session = { terminal: recording(false, { PATH: '/no/such/directory', ...env }) } as unknown as Session;
  const outcome = await onAzure(session, subscription, (azure) => azure.clusters.list()).catch(
    (error: unknown) => error,
  );
  return outcome instanceof Failure ? outcome.findings[0] : outcome;
}

test('without az and without a subscription', async () => {
  expect(await failing({})).toEqual({
    code: 'NoCredential',
    severity: 'error',
    message: 'No subscription is named, and the Azure CLI (az) is not installed, or not on the PATH.',
    remedy: 'Give --subscription ID, or install the Azure CLI and log in: az login',
  });
});

test('a login that the environment names by half', async () => {
  expect(await failing({ AZURE_CLIENT_SECRET: 's' }, subscriptionId)).toMatchObject({
    code: 'NoCredential',
    message: 'AZURE_CLIENT_SECRET is set, but AZURE_CLIENT_ID is not.',
  });
});

test('a subscription by its name', async () => {
  expect(await failing({}, 'Pay As You Go')).toMatchObject({
    code: 'Usage',
    remedy: "See it: az account show --subscription 'Pay As You Go' --query id -o tsv.",
  });
});
