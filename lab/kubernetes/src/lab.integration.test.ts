import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { type Socket, connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type ControlPlane, addNodes, installKaito, kubectl, podFateLabel, startControlPlane } from './index.ts';
import { network } from './certificates.ts';

const running = new Set<ControlPlane>();

async function start(directory?: string): Promise<ControlPlane> {
  const lab = await startControlPlane({ ...(directory !== undefined && { directory }) });
  running.add(lab);
  return lab;
}

afterEach(async () => {
  await Promise.all([...running].map((lab) => lab.stop()));
  running.clear();
});

/** Processes with `text` in their command line. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && pid !== String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
      );
    } catch {
      return false;
    }
  });
}

/** Resolves when no process names `text` any more; a test's own deadline bounds it. */
async function untilGone(text: string): Promise<void> {
  while (processesNaming(text).length > 0) await new Promise((resolve) => setImmediate(resolve));
}

test('two labs side by side know nothing of each other, and nothing of them is seen from outside', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  await addNodes(one, [
    { name: 'only-in-one', gpus: 2, instanceType: 'Standard_NC12s_v3', taints: ['sku=gpu:NoSchedule'] },
  ]);
  expect(await kubectl(one, ['get', 'nodes', '-o', 'jsonpath={.items[*].status.capacity.nvidia\\.com/gpu}'])).toBe('2');
  expect(await kubectl(two, ['get', 'nodes', '-o', 'name'])).toBe('');

  const host = execFileSync(`${one.binaries}/kubectl`, [
    '--kubeconfig',
    one.hostKubeconfig,
    'get',
    'nodes',
    '-o',
    'name',
  ]);
  expect(host.toString()).toBe('node/only-in-one\n');

  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map((entry) => entry.address),
  );
  expect(addresses).not.toContain(network.address);
});

test('a lab starts anew where an earlier one was killed, and not where one lives', async () => {
  const before = await start();
  await expect(start(before.directory)).rejects.toThrow(`a control plane runs in ${before.directory}`);
  await kubectl(before, ['create', 'namespace', 'before']);
  for (const pid of readFileSync(`${before.directory}/pids`, 'utf8').split(' ')) process.kill(Number(pid), 'SIGKILL');
  await untilGone(before.directory);
  running.delete(before);
  const after = await start(before.directory);
  const names = await kubectl(after, ['get', 'namespaces', '-o', 'name']);
  expect(names).toContain('namespace/default');
  expect(names).not.toContain('namespace/before');
});

function pod(name: string, fate?: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: fate === undefined ? {} : { [podFateLabel]: fate } },
    spec: { containers: [{ name: 'main', image: 'registry.example/model:1' }] },
  };
}

test('pods on simulated nodes fare as their label says', async () => {
  const lab = await start();
  await addNodes(lab, [{ name: 'node' }]);
  const items = [
    pod('fine'),
    pod('refused', 'image-pull-refused'),
    pod('killed', 'oom-killed'),
    pod('unready', 'not-ready'),
  ];
  await kubectl(lab, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await kubectl(lab, ['wait', '--for=condition=Ready', 'pod/fine', '--timeout=100s']);
  await kubectl(lab, [
    'wait',
    '--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff',
    'pod/refused',
    '--timeout=100s',
  ]);
  await kubectl(lab, [
    'wait',
    '--for=jsonpath={.status.containerStatuses[0].lastState.terminated.reason}=OOMKilled',
    'pod/killed',
    '--timeout=100s',
  ]);
  await kubectl(lab, [
    'wait',
    '--for=jsonpath={.status.containerStatuses[0].ready}=false',
    'pod/unready',
    '--timeout=100s',
  ]);
});

test('the API server comes back with what it knew', async () => {
  const lab = await start();
  await kubectl(lab, ['create', 'namespace', 'kept']);
  await lab.restart('kube-apiserver');
  expect(await kubectl(lab, ['get', 'namespace', 'kept', '-o', 'name'])).toBe('namespace/kept\n');
});

test('nothing stays behind: after stop, after SIGKILL of the supervisor, after the end of the process that asked for it', async () => {
  const stopped = await start();
  running.delete(stopped);
  await stopped.stop();
  expect(processesNaming(stopped.directory)).toEqual([]);
  expect(existsSync(stopped.directory)).toBe(false);

  const killed = await start();
  const [outer] = readFileSync(`${killed.directory}/pids`, 'utf8').split(' ').map(Number);
  process.kill(outer!, 'SIGKILL');
  await untilGone(killed.directory);

  const index = fileURLToPath(new URL('index.ts', import.meta.url));
  const script = `import(${JSON.stringify(index)}).then(async ({ startControlPlane }) => console.log((await startControlPlane()).directory))`;
  const owner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(owner.stdout, 'data')) as [Buffer];
  const directory = printed.toString().trim();
  expect(processesNaming(directory)).not.toEqual([]);
  owner.kill('SIGKILL');
  await untilGone(directory);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(directory);
});

/** Says back what it was told, once the other side has ended. */
function repeat(socket: Socket): void {
  // One that was cut off.
  socket.on('error', () => {});
  text(socket).then(
    (said) => socket.end(said),
    () => {},
  );
}

/** A program that sends as much as its argument says to an address, ends, and prints how much comes back. */
const teller = `
const [host, port, size] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), allowHalfOpen: true });
let got = 0;
socket.on('data', (chunk) => { got += chunk.length; });
socket.on('end', () => console.log(got));
socket.on('error', (error) => console.log(error.code));
socket.end(Buffer.alloc(Number(size), 'x'));
`;

test('connections are carried out of the lab and into it, each way to its own end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relays-'));
  const outside = createServer({ allowHalfOpen: true }, repeat);
  outside.listen(join(folder, 'out'));
  await once(outside, 'listening');
  try {
    const lab = await startControlPlane({
      outlets: [
        { address: network.address, port: 443, socket: join(folder, 'out') },
        { address: '169.254.169.254', port: 80, socket: join(folder, 'out') },
        { address: '169.254.169.254', port: 81, socket: join(folder, 'nobody') },
      ],
    });
    running.add(lab);
    const told = async (host: string, port: number, size: number): Promise<string> => {
      const child = lab.exec([process.execPath, '-e', teller, host, String(port), String(size)], { stdio: 'pipe' });
      return (await text(child.stdout!)).trim();
    };
    const size = 3_000_000;
    expect(
      await Promise.all([
        told(network.address, 443, size),
        told('169.254.169.254', 80, size),
        told('169.254.169.254', 80, 1),
        told('169.254.169.254', 81, 1),
      ]),
    ).toEqual([String(size), String(size), '1', 'ECONNRESET']);

    // Through the lab and out again.
    const path = join(folder, 'in');
    await lab.inlet(path, { host: network.address, port: 443 });
    const say = async (words: string): Promise<string> => {
      const socket = connect({ path, allowHalfOpen: true });
      socket.end(words);
      return await text(socket);
    };
    expect(await Promise.all(['one', 'two', 'x'.repeat(size)].map(say))).toEqual(['one', 'two', 'x'.repeat(size)]);
    const cut = connect(path);
    await once(cut, 'connect');
    const closed = once(cut, 'close');
    await lab.closeInlet(path);
    await closed;
    await expect(say('three')).rejects.toThrow('ENOENT');
    await lab.closeInlet(path);
    await lab.inlet(path, { host: network.address, port: 443 });
    expect(await say('again')).toBe('again');
    await expect(lab.inlet(path, { host: network.address, port: 443 })).rejects.toThrow('EADDRINUSE');
  } finally {
    outside.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a command that does not exist is one error', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  expect(() =>
    execFileSync(process.execPath, [main, 'exec', '--name', 'never-started', '--', 'true'], { stdio: 'pipe' }),
  ).toThrow(/no lab named never-started runs\nlab: start it: npm run lab -- up --name never-started/);
});

test('KAITO as its chart installs it serves a Workspace, refuses a wrong one, and gives the machine back', async () => {
  const lab = await start();
  await installKaito(lab, () => {});
  const seed = readFileSync(new URL('../../../examples/seed.yaml', import.meta.url), 'utf8');
  const name = 'workspace/workspace-mistral-7b-instruct';
  await expect(kubectl(lab, ['apply', '-f', '-'], seed.replace('name: "mistral', 'name: "mistrall'))).rejects.toThrow(
    'mistral-7b-instruct',
  );
  await kubectl(lab, ['apply', '-f', '-'], seed);
  await kubectl(lab, ['wait', '--for=condition=WorkspaceReady', name, '--timeout=60s']);
  expect(await kubectl(lab, ['get', 'nodeclaims,deployments,services', '-o', 'name'])).toContain(
    'service/workspace-mistral-7b-instruct',
  );
  await kubectl(lab, ['delete', name, '--timeout=60s']);
  expect(await kubectl(lab, ['get', 'nodes,nodeclaims', '-o', 'name'])).toBe('node/system-0\n');
});

/** A Workspace that rents a machine of its own. */
const workspace = (name: string): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: ${name}}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: ${name}}}}
inference: {preset: {name: phi-2, presetOptions: {image: "registry.example/phi:1"}}}
`;

test('an API server that dies under the operator, idle and at work, costs nothing but time', async () => {
  const lab = await start();
  await installKaito(lab, () => {});
  const ready = (...names: string[]) =>
    kubectl(lab, [
      'wait',
      '--for=condition=WorkspaceReady',
      ...names.map((name) => `workspace/${name}`),
      '--timeout=90s',
    ]);
  const uids = (kind: string) =>
    kubectl(lab, ['get', kind, '-l', 'kaito.sh/workspace=idle', '-o', 'jsonpath={.items[*].metadata.uid}']);
  await kubectl(lab, ['apply', '-f', '-'], workspace('idle'));
  await ready('idle');
  const before = [await uids('nodeclaims'), await uids('deployments'), await uids('pods')];

  await lab.restart('kube-apiserver');
  const atWork = ['one', 'two', 'three'];
  await kubectl(lab, ['apply', '-f', '-'], atWork.map(workspace).join('---'));
  await lab.restart('kube-apiserver');
  await ready('idle', ...atWork);
  expect([await uids('nodeclaims'), await uids('deployments'), await uids('pods')]).toEqual(before);
  expect((await kubectl(lab, ['get', 'nodeclaims', '-o', 'name'])).trim().split('\n')).toHaveLength(4);
  await kubectl(lab, ['delete', 'workspaces', '--all', '--timeout=90s']);
  expect(await kubectl(lab, ['get', 'nodes,nodeclaims', '-o', 'name'])).toBe('node/system-0\n');
});
