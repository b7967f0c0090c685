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

/** Two registries, an image in the first, and logins: to read the first, to write and to read the second. */
async function twoRegistries(name: string) {
  const group = `/subscriptions/${cloud.azure.subscriptionId}/resourceGroups/lab`;
  const made = async (registry: string) => {
    const id = `${group}/providers/Microsoft.ContainerRegistry/registries/${registry}`;
    await cloud.finished('PUT', id, { location: 'westus3', sku: { name: 'Basic' } });
    return { id, host: (await cloud.arm('GET', id)).json.properties.loginServer as string };
  };
  const [from, to] = [await made(`${name}from`), await made(`${name}into`)];
  const seed = { repository: 'app', tag: '1', layers: 3, layerBytes: 5_000_000 };
  const { digest } = (await cloud.admin('POST', `/registries/${name}from/images`, seed)).json as { digest: string };
  const refreshToken = async (at: typeof from, role: string): Promise<string> => {
    const access_token = await cloud.token(await cloud.account(role, at.id));
    const exchanged = await cloud.call(`https://${at.host}/oauth2/exchange`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'access_token', service: at.host, access_token }),
    });
    return exchanged.json.refresh_token as string;
  };
  return {
    from: from.host,
    to: to.host,
    digest,
    reader: await refreshToken(from, 'AcrPull'),
    writer: await refreshToken(to, 'AcrPush'),
    narrow: await refreshToken(to, 'AcrPull'),
  };
}

const login = (token: string): string => `00000000-0000-0000-0000-000000000000:${token}`;

describe('skopeo', () => {
  test('copies out of one registry and into another, and is refused where it has no right', async () => {
    const skopeo = await debianProgram('skopeo');
    const env = { ...environment, ...skopeo.environment };
    const copy = async (...args: string[]) => await run(skopeo.path, ['--insecure-policy', 'copy', ...args], { env });
    const { from, to, reader, writer, narrow } = await twoRegistries('skopeo');
    const [source, target] = [`docker://${from}/app:1`, `docker://${to}/team/app:1`];
    await copy('--src-creds', login(reader), '--dest-creds', login(writer), source, target);
    await copy('--src-creds', login(writer), target, `oci:${join(directory, 'layout')}:1`);
    await expect(
      copy('--src-creds', login(reader), '--dest-creds', login(narrow), source, `docker://${to}/other:1`),
    ).rejects.toThrow(/unauthorized|authentication required/);
  }, 300_000);
});

describe('our own registry client', () => {
  test('copies with refresh tokens, and says so where it has no right', async () => {
    const { from, to, digest, reader, writer, narrow } = await twoRegistries('own');
    const source = `
      import { copyImage, parseReference, RegistryClient } from '@kaito/oci';
      const [from, to, reader, writer] = process.argv.slice(1);
      const client = (token) => new RegistryClient({ secureLoopback: true, credentials: async () => ({ kind: 'refresh', token }) });
      const end = (token, text) => ({ client: client(token), reference: parseReference(text) });
      try {
        console.log((await copyImage(end(reader, from), end(writer, to))).digest);
      } catch (error) {
        console.log(error.code);
      }`;
    const copy = async (...args: string[]) => {
      const options = { cwd: import.meta.dirname, env: environment };
      return (await run(process.execPath, ['--input-type=module', '-e', source, ...args], options)).stdout.trim();
    };
    expect(await copy(`${from}/app:1`, `${to}/app:1`, reader, writer)).toBe(digest);
    expect(await copy(`${from}/app:1`, `${to}/app:2`, reader, narrow)).toMatch(/^(Unauthorized|Denied)$/);
  }, 120_000);
});
