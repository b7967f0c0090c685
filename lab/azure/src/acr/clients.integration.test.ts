// The clients that people have, unmodified: the Azure CLI, and skopeo.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianProgram } from '@kaito/oci/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureAzureCli } from '../azure-cli/install.ts';
import { logIn } from '../azure-cli/login.ts';
import { ensureRegistryProgram } from '../registry/program.ts';
import { type Cloud, startCloud } from './testing/cloud.ts';

const run = promisify(execFile);
const image = 'mistral-7b-instruct';
const source = `mcr.microsoft.com/aks/kaito/kaito-${image}:0.0.2`;

let directory: string;
let cloud: Cloud;
let bin: string;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  await ensureRegistryProgram(() => {});
  bin = await ensureAzureCli(() => {});
  directory = mkdtempSync(join(tmpdir(), 'acr-'));
  cloud = await startCloud({ directory, retryAfterSeconds: 1 });
  environment = { ...process.env, ...cloud.azure.environment, HOME: directory };
  await logIn(cloud.azure, bin, environment);
  await az('group', 'create', '-n', 'lab', '-l', 'westus3');
}, 900_000);
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

// oxlint-disable-next-line typescript/no-explicit-any
async function az(...args: string[]): Promise<any> {
  const { stdout } = await run(join(bin, 'az'), [...args, '-o', 'json'], { env: environment });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

/** What the CLI says when it fails. */
async function azFails(...args: string[]): Promise<string> {
  try {
    await run(join(bin, 'az'), args, { env: environment });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
  throw new Error(`az ${args.join(' ')} did not fail`);
}

describe('the Azure CLI', () => {
  test('keeps a registry and its images', async () => {
    const created = await az('acr', 'create', '-g', 'lab', '-n', 'kaitolab', '--sku', 'Standard');
    expect(created).toMatchObject({ name: 'kaitolab', provisioningState: 'Succeeded', adminUserEnabled: false });
    expect(await az('acr', 'check-name', '-n', 'kaitolab')).toMatchObject({ nameAvailable: false });
    await az('acr', 'import', '-g', 'lab', '--name', 'kaitolab', '--source', source, '--image', `${image}:0.0.2`);
    const again = ['acr', 'import', '-n', 'kaitolab', '--source', source, '--image', `${image}:0.0.2`];
    expect(await azFails(...again)).toContain('already exists in target registry');
    await az(...again, '--force');
    expect(await azFails('acr', 'import', '-n', 'kaitolab', '--source', `${source}9`)).toContain(
      'Unable to find manifest',
    );

    expect(await az('acr', 'repository', 'list', '-n', 'kaitolab')).toEqual([image]);
    expect(await az('acr', 'repository', 'show-tags', '-n', 'kaitolab', '--repository', image)).toEqual(['0.0.2']);
    const shown = await az('acr', 'repository', 'show', '-n', 'kaitolab', '--image', `${image}:0.0.2`);
    expect(shown).toMatchObject({ name: '0.0.2' });
    const listed = ['acr', 'manifest', 'list-metadata', '-r', 'kaitolab', '-n', image];
    expect(await az(...listed)).toMatchObject([{ digest: shown.digest, tags: ['0.0.2'], architecture: 'amd64' }]);
    const login = await az('acr', 'login', '-n', 'kaitolab', '--expose-token');
    expect(login).toMatchObject({ loginServer: created.loginServer, accessToken: expect.any(String) });

    expect(await azFails('acr', 'credential', 'show', '-n', 'kaitolab')).toContain('to enable admin first');
    const updated = await az('acr', 'update', '-n', 'kaitolab', '--admin-enabled', 'true');
    expect(updated).toMatchObject({ adminUserEnabled: true });
    const { username, passwords } = await az('acr', 'credential', 'show', '-n', 'kaitolab');
    const admin = ['-u', username, '-p', passwords[0].value];
    expect(await az('acr', 'repository', 'list', '-n', 'kaitolab', ...admin)).toEqual([image]);
    expect((await az('acr', 'show-usage', '-n', 'kaitolab')).value[0]).toMatchObject({ name: 'Size' });

    await az('acr', 'repository', 'delete', '-n', 'kaitolab', '--image', `${image}:0.0.2`, '--yes');
    expect(await az('acr', 'repository', 'list', '-n', 'kaitolab')).toEqual([]);
    await az('acr', 'delete', '-n', 'kaitolab', '--yes');
    expect(await az('acr', 'list')).toEqual([]);
  }, 600_000);
});

describe('skopeo', () => {
  test('copies out of one registry and into another, and is refused where it has no right', async () => {
    const skopeo = await debianProgram('skopeo');
    const env = { ...environment, ...skopeo.environment };
    const copy = async (...args: string[]) => await run(skopeo.path, ['--insecure-policy', 'copy', ...args], { env });
    const made = async (name: string) => {
      const id = `/subscriptions/${cloud.azure.subscriptionId}/resourceGroups/lab/providers/Microsoft.ContainerRegistry/registries/${name}`;
      await cloud.finished('PUT', id, { location: 'westus3', sku: { name: 'Basic' } });
      return { id, host: (await cloud.arm('GET', id)).json.properties.loginServer as string };
    };
    const [from, to] = [await made('copyfrom'), await made('copyinto')];
    await cloud.admin('POST', '/registries/copyfrom/images', {
      repository: 'app',
      tag: '1',
      layers: 3,
      layerBytes: 5_000_000,
    });
    const login = async (host: string, role: string, scope: string) => {
      const account = await cloud.account(role, scope);
      const exchanged = await cloud.call(`https://${host}/oauth2/exchange`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'access_token',
          service: host,
          access_token: await cloud.token(account),
        }),
      });
      return `00000000-0000-0000-0000-000000000000:${exchanged.json.refresh_token as string}`;
    };
    const reader = await login(from.host, 'AcrPull', from.id);
    const writer = await login(to.host, 'AcrPush', to.id);
    const target = `docker://${to.host}/team/app:1`;
    await copy('--src-creds', reader, '--dest-creds', writer, `docker://${from.host}/app:1`, target);
    await copy('--src-creds', writer, target, `oci:${join(directory, 'layout')}:1`);
    const narrow = await login(to.host, 'AcrPull', to.id);
    await expect(
      copy('--src-creds', reader, '--dest-creds', narrow, `docker://${from.host}/app:1`, `docker://${to.host}/other:1`),
    ).rejects.toThrow(/unauthorized|authentication required/);
  }, 300_000);
});
