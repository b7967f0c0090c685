import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { directoryOf, readRecord } from './record.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const name = `test-${process.pid}`;

async function azure(...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: (await said).join('') };
}

/** A program that asks the emulator which groups there are, or makes one, with the owner's token. */
const client = `
const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID, KAITO_AZURE_ENDPOINT, KAITO_AZURE_OWNER_ID, KAITO_AZURE_OWNER_SECRET } = process.env;
const form = { grant_type: 'client_credentials', scope: KAITO_AZURE_ENDPOINT + '/.default', client_id: KAITO_AZURE_OWNER_ID, client_secret: KAITO_AZURE_OWNER_SECRET };
const login = await fetch(AZURE_AUTHORITY_HOST + '/' + AZURE_TENANT_ID + '/oauth2/v2.0/token', { method: 'POST', body: new URLSearchParams(form) });
const { access_token } = await login.json();
const groups = KAITO_AZURE_ENDPOINT + '/subscriptions/' + AZURE_SUBSCRIPTION_ID + '/resourcegroups';
const headers = { authorization: 'Bearer ' + access_token, 'content-type': 'application/json' };
const [made] = process.argv.slice(1);
if (made) await fetch(groups + '/' + made + '?api-version=2024-11-01', { method: 'PUT', headers, body: '{"location":"westus3"}' });
const { value } = await (await fetch(groups + '?api-version=2024-11-01', { headers })).json();
console.log(KAITO_AZURE_ENDPOINT, value.map((each) => each.name).join(' '));
`;
const node = [process.execPath, '--input-type=module', '-e', client];

/** Processes whose command line says this, such as the emulator's folder. */
function processes(what = directoryOf(name)): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(what);
    } catch {
      return false;
    }
  });
}

afterEach(async () => {
  if (readRecord(directoryOf(name)) !== undefined) await azure('down', '--name', name, '--purge');
});

test.each(['local', 'public'])(
  '%s names: it stays up, survives a kill with all it knew, and leaves nothing',
  async (names) => {
    const up = await azure('up', '--name', name, '--names', names, '--kubernetes', 'none');
    expect(up).toMatchObject({ code: 0, said: expect.stringContaining('az login --service-principal') as string });
    const before = readRecord(directoryOf(name))!;
    expect((await azure('list')).said.split('\n')).toContain(name);
    const first = await azure('exec', '--name', name, '--no-az', '--', ...node, 'kept');
    expect(first).toEqual({ code: 0, said: `${before.record.endpoint} kept\n` });
    expect((await azure('up', '--name', name, '--names', names === 'local' ? 'public' : 'local')).said).toMatch(
      /runs already, with (local|public) names/,
    );

    process.kill(before.pid, 'SIGKILL');
    await expect.poll(() => processes(), { timeout: 60_000 }).toEqual([]);
    expect((await azure('exec', '--name', name, '--no-az', '--', 'true')).said).toMatch(
      new RegExp(`no Azure emulator named ${name} runs\nlab azure: start it`),
    );
    await azure('up', '--name', name, '--names', names, '--kubernetes', 'none');
    const second = await azure('exec', '--name', name, '--no-az', '--', ...node);
    // At the same address, with the same owner.
    expect(second.said).toBe(first.said);

    expect(await azure('down', '--name', name, '--purge')).toMatchObject({ code: 0 });
    expect(processes()).toEqual([]);
    expect(existsSync(directoryOf(name))).toBe(false);
  },
);

test.each(['local', 'public'])(
  '%s names: an emulator for one command ends with it, in its exit code',
  async (names) => {
    const ran = await azure('run', '--names', names, '--kubernetes', 'none', '--no-az', '--', ...node, 'once');
    expect(ran.said).toMatch(
      names === 'public' ? /^https:\/\/management\.azure\.com once$/m : /^https:\/\/localhost:\d+ once$/m,
    );
    const failed = await azure(
      'run',
      '--names',
      names,
      '--kubernetes',
      'none',
      '--no-az',
      '--',
      'sh',
      '-c',
      'echo $KAITO_AZURE_DIRECTORY; exit 7',
    );
    expect(failed.code).toBe(7);
    expect(existsSync(failed.said.trim())).toBe(false);
    // What it did to host names was seen inside alone.
    expect(readFileSync('/etc/hosts', 'utf8')).not.toContain('management.azure.com');
  },
);

test.each(['local', 'public'])(
  '%s names: a signal to the command ends what it runs, and leaves nothing',
  async (names) => {
    const flags = ['run', '--names', names, '--kubernetes', 'none', '--no-az', '--'];
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        main,
        ...flags,
        'sh',
        '-c',
        'echo $KAITO_AZURE_DIRECTORY; exec sleep 1000',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'close');
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const directory = printed.toString().trim();
    expect(existsSync(directory)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    expect(existsSync(directory)).toBe(false);
  },
);

/** A program that makes a cluster with a control plane, says where the emulator's folder is, and stays. */
const clusterMaker = `
const { AZURE_AUTHORITY_HOST, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID, KAITO_AZURE_DIRECTORY, KAITO_AZURE_ENDPOINT, KAITO_AZURE_OWNER_ID, KAITO_AZURE_OWNER_SECRET } = process.env;
const form = { grant_type: 'client_credentials', scope: KAITO_AZURE_ENDPOINT + '/.default', client_id: KAITO_AZURE_OWNER_ID, client_secret: KAITO_AZURE_OWNER_SECRET };
const login = await fetch(AZURE_AUTHORITY_HOST + '/' + AZURE_TENANT_ID + '/oauth2/v2.0/token', { method: 'POST', body: new URLSearchParams(form) });
const { access_token } = await login.json();
const headers = { authorization: 'Bearer ' + access_token, 'content-type': 'application/json' };
const group = KAITO_AZURE_ENDPOINT + '/subscriptions/' + AZURE_SUBSCRIPTION_ID + '/resourceGroups/lab';
const put = (url, body) => fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) });
await put(group + '?api-version=2024-11-01', { location: 'westus3' });
const cluster = group + '/providers/Microsoft.ContainerService/managedClusters/kaito?api-version=2026-06-01';
await put(cluster, { location: 'westus3', identity: { type: 'SystemAssigned' }, properties: { dnsPrefix: 'kaito', agentPoolProfiles: [{ name: 'nodepool1', count: 1, mode: 'System' }] } });
for (let state = ''; state !== 'Succeeded'; ) {
  ({ properties: { provisioningState: state } } = await (await fetch(cluster, { headers })).json());
  if (state === 'Failed') throw new Error('the cluster failed');
  await new Promise((resolve) => setTimeout(resolve, 200));
}
console.log(KAITO_AZURE_DIRECTORY);
setInterval(() => {}, 1000);
`;

test.each([
  ['local', 'none', ['sh', '-c', 'echo $KAITO_AZURE_DIRECTORY; while :; do sleep 1; done', name]],
  ['public', 'none', ['sh', '-c', 'echo $KAITO_AZURE_DIRECTORY; while :; do sleep 1; done', name]],
  ['local', 'lab', [process.execPath, '--input-type=module', '-e', clusterMaker, name]],
])(
  '%s names, Kubernetes %s: killed at once, it leaves no process and no folder',
  async (names, kubernetes, command) => {
    const flags = ['--disable-warning=ExperimentalWarning', main, 'run', '--names', names, '--kubernetes', kubernetes];
    const child = spawn(process.execPath, [...flags, '--no-az', '--', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const directory = printed.toString().trim();
    expect(processes(directory)).not.toEqual([]);
    expect(processes(name)).not.toEqual([]);
    child.kill('SIGKILL');
    await expect.poll(() => existsSync(directory), { timeout: 60_000 }).toBe(false);
    await expect.poll(() => [...processes(directory), ...processes(name)], { timeout: 60_000 }).toEqual([]);
  },
);

test('what cannot be is said in a sentence', async () => {
  expect(await azure('run', '--no-az', '--kubernetes', 'none', '--', 'no-such-program')).toMatchObject({
    code: 1,
    said: expect.stringContaining('no-such-program cannot be run') as string,
  });
  expect((await azure('up', '--name', 'Not valid')).said).toContain('Use small letters');
});
