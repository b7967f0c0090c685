import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { azureCliCloud } from '../clouds/azure-cli-cloud.ts';
import { azureCli, azureCliAccount } from './azure-cli.ts';
import { runAz } from './run-az.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'az-'));
afterAll(() => rm(folder, { recursive: true }));
let count = 0;

/** A program in the place of `az`: it notes how it was called, and answers with a script's words. */
async function program(script: string) {
  count += 1;
  const bin = path.join(folder, String(count));
  const file = path.join(folder, `${count}.calls`);
  await mkdir(bin);
  await writeFile(path.join(bin, 'az'), `#!/bin/sh\necho "$AZURE_CONFIG_DIR $*" >> '${file}'\n${script}\n`);
  await chmod(path.join(bin, 'az'), 0o755);
  return {
    options: { env: { PATH: `${bin}:/usr/bin:/bin`, AZURE_CONFIG_DIR: '/c' }, clock: systemClock },
    calls: async () => (await readFile(file, 'utf8')).trim().split('\n'),
  };
}

test('tokens are those of the login, and kept', async () => {
  const { options, calls } = await program(
    `echo '{"accessToken":"t","expiresOn":"2099-01-01 00:00:00.000000","expires_on":4070908800,"tokenType":"Bearer"}'`,
  );
  const credential = azureCli({ ...options, subscriptionId: 's' });
  expect(await credential.token('https://arm')).toEqual({ value: 't', expiresAt: 4_070_908_800_000 });
  await credential.token('https://arm');
  expect(await calls()).toEqual(['/c account get-access-token --resource https://arm --subscription s --output json']);
});

test('older CLIs tell the end in local time', async () => {
  const { options } = await program(`echo '{"accessToken":"t","expiresOn":"2099-01-01 00:00:00.000000"}'`);
  const { expiresAt } = await azureCli(options).token('a');
  expect(expiresAt).toBe(new Date(2099, 0, 1).getTime());
});

test('the active subscription and the cloud are read', async () => {
  const account = await program(
    `echo '{"id":"s","name":"Mine","tenantId":"t","environmentName":"LocalCloud","user":{"name":"ada@example.org","type":"user"}}'`,
  );
  expect(await azureCliAccount(account.options)).toEqual({
    subscriptionId: 's',
    subscriptionName: 'Mine',
    tenantId: 't',
    cloud: 'LocalCloud',
    user: 'ada@example.org',
  });
  const registered = await program(
    `echo '{"name":"LocalCloud","endpoints":{"resourceManager":"https://localhost:8443/","activeDirectory":"https://localhost:8443","activeDirectoryResourceId":"https://localhost:8443/","microsoftGraphResourceId":null},"suffixes":{"acrLoginServerEndpoint":".azurecr.io"}}'`,
  );
  expect(await azureCliCloud(registered.options)).toEqual({
    name: 'LocalCloud',
    resourceManager: 'https://localhost:8443',
    resourceManagerAudience: 'https://localhost:8443',
    authorityHost: 'https://localhost:8443',
    graph: 'https://localhost:8443',
    registrySuffix: '.azurecr.io',
  });
  const own = await program(`echo '{"name":"AzureUSGovernment"}'`);
  expect((await azureCliCloud(own.options)).resourceManager).toBe('https://management.usgovcloudapi.net');
});

test('a CLI that is missing, logged out, expired or confused is told with what mends it', async () => {
  const clock = systemClock;
  await expect(azureCli({ env: { PATH: folder }, clock }).token('a')).rejects.toMatchObject({
    code: 'NoCredential',
    message: 'the Azure CLI (az) is not installed, or not on the PATH',
  });
  const out = await program(`echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`);
  await expect(azureCli(out.options).token('a')).rejects.toMatchObject({
    code: 'NoCredential',
    remedy: 'log in: az login',
  });
  const expired = await program(
    `echo 'ERROR: AADSTS70043: The refresh token has expired. Interactive authentication is needed. Please run: az login --tenant "0000-1" --scope "x"' >&2; exit 1`,
  );
  await expect(azureCli(expired.options).token('a')).rejects.toMatchObject({
    azureCode: 'AADSTS70043',
    remedy: 'log in: az login --tenant 0000-1',
  });
  const elsewhere = await program(
    `echo "ERROR: Subscription 's' not found. Check the spelling and casing and try again." >&2; exit 1`,
  );
  await expect(azureCli({ ...elsewhere.options, subscriptionId: 's' }).token('a')).rejects.toMatchObject({
    code: 'NoCredential',
    remedy: expect.stringContaining('az account list') as unknown,
  });
  const confused = await program('echo hello');
  await expect(azureCli(confused.options).token('a')).rejects.toThrow('az account get-access-token failed');
  const empty = await program("echo '{}'");
  await expect(azureCli(empty.options).token('a')).rejects.toThrow('cannot be read');
  await expect(azureCliAccount(empty.options)).rejects.toThrow('cannot be read');
});

test('an abort ends the CLI', async () => {
  const stop = new AbortController();
  const { options, calls } = await program('sleep 600');
  const running = runAz(['account', 'show'], { ...options, signal: stop.signal });
  running.catch(() => {});
  while ((await calls().catch(() => [])).length === 0) await new Promise((resolve) => void setImmediate(resolve));
  stop.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
});
