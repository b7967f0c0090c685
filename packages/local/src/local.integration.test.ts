import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assessment } from '@kaito/diagnosis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { down, find, list, logs, read, up, watchStatus } from './index.ts';
import { isAlive, waitGone } from './process/identity.ts';
import { markedProcesses } from './process/marked.ts';
import { WorkspacePaths } from './state/directories.ts';
import { aWorkspace, anEchoPlan } from './testing/factories.ts';

let root: string;
let state: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kaito-local-'));
  state = join(root, 'state');
});

afterEach(async () => {
  for (const { namespace, name } of await list({ state })) await down(namespace, name, { state });
  await rm(root, { recursive: true, force: true });
});

const options = () => ({ state, cacheDirectory: join(root, 'cache'), port: 0 });

/** The first assessment that holds, within a generous deadline. */
async function until(holds: (assessment: Assessment) => boolean, name = 'demo'): Promise<Assessment> {
  let last: Assessment | undefined;
  const signal = AbortSignal.timeout(60_000);
  for await (const assessment of watchStatus('default', name, { state, signal })) {
    last = assessment;
    if (holds(assessment)) return assessment;
  }
  throw new Error(`never came; last: ${JSON.stringify(last, undefined, 2)}`);
}

const ready = ({ state }: Assessment) => state === 'Ready';

async function answer(endpoint: string | undefined): Promise<unknown> {
  const response = await fetch(new URL('/chat', endpoint), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'hello', generate_kwargs: { max_length: 50 } }),
  });
  expect(response.status).toBe(200);
  return response.json();
}

async function serverOf(name = 'demo') {
  const { processes } = await read('default', name, { state });
  expect(processes.server).toBeDefined();
  return processes.server!;
}

test('up ends in an answer, the same again changes nothing, and down leaves nothing', async () => {
  expect((await up(aWorkspace(), anEchoPlan(), options())).action).toBe('started');
  const { endpoint, phases } = await until(ready);
  expect(await answer(endpoint)).toHaveProperty('Result');
  expect(phases.map(({ name, state }) => [name, state])).toEqual([
    ['Validated', 'done'],
    ['WeightsReady', 'done'],
    ['ModelLoaded', 'done'],
    ['Serving', 'done'],
  ]);
  const before = await read('default', 'demo', { state });
  expect((await up(aWorkspace(), anEchoPlan(), options())).action).toBe('unchanged');
  const { processes, directory } = await read('default', 'demo', { state });
  expect(processes).toEqual(before.processes);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, 'status.json'))).mode & 0o777).toBe(0o600);

  expect(await down('default', 'demo', { state })).toEqual({ existed: true });
  expect(isAlive(processes.server!)).toBe(false);
  expect(isAlive(processes.supervisor!)).toBe(false);
  await expect(fetch(endpoint!)).rejects.toThrow();
  expect(await readdir(join(state, 'workspaces', 'default'))).toEqual([]);
  expect(await find('default', 'demo', { state })).toBeUndefined();
  expect(await down('default', 'demo', { state })).toEqual({ existed: false });
});

test('a killed server is started again on the same port, and the assessment says what happened', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  const { endpoint } = await until(ready);
  const first = await serverOf();
  process.kill(first.pid, 'SIGKILL');
  const broken = await until(({ rootCause }) => rootCause?.code === 'OutOfMemorySuspected');
  expect(broken.state).toBe('NotReady');
  const again = await until(ready);
  expect((await serverOf()).pid).not.toBe(first.pid);
  expect(again.endpoint).toBe(endpoint);
  expect(await answer(again.endpoint)).toHaveProperty('Result');
  expect((await read('default', 'demo', { state })).status?.evidence.process?.restarts).toBe(1);
});

test('a server outlives its killed supervisor, and the next up takes it over', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  const { endpoint } = await until(ready);
  const { processes } = await read('default', 'demo', { state });
  process.kill(processes.supervisor!.pid, 'SIGKILL');
  expect(await waitGone(processes.supervisor!, 30_000)).toBe(true);
  expect(await answer(endpoint)).toHaveProperty('Result');
  const alone = await read('default', 'demo', { state });
  expect(alone.processes).toEqual({ server: processes.server });
  expect(alone.assessment.state).toBe('Ready');

  expect((await up(aWorkspace(), anEchoPlan(), options())).action).toBe('started');
  const adopted = await until(ready);
  expect(adopted.endpoint).toBe(endpoint);
  const after = await read('default', 'demo', { state });
  expect(after.processes.server).toEqual(processes.server);
  expect(after.processes.supervisor?.pid).not.toBe(processes.supervisor?.pid);
  expect(markedProcesses(after.directory).map(({ pid }) => pid)).toEqual([processes.server!.pid]);

  process.kill(processes.server!.pid, 'SIGKILL');
  await until(({ state }) => state === 'NotReady');
  await until(ready);
  expect((await serverOf()).pid).not.toBe(processes.server!.pid);
});

test('when both are killed nothing runs, it is said, and up brings one server back', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  const { processes, directory } = await read('default', 'demo', { state });
  process.kill(processes.supervisor!.pid, 'SIGKILL');
  process.kill(processes.server!.pid, 'SIGKILL');
  const dead = await until(({ rootCause }) => rootCause?.code === 'SupervisorGone');
  expect(dead.rootCause?.remedy).toContain('kaito up');
  expect(dead.endpoint).toBeUndefined();
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  expect(markedProcesses(directory)).toHaveLength(1);
});

test('two ups at once make one server', async () => {
  const results = await Promise.all([1, 2, 3].map(() => up(aWorkspace(), anEchoPlan(), options())));
  expect(results.map(({ action }) => action).toSorted()).toEqual(['started', 'unchanged', 'unchanged']);
  await until(ready);
  const { directory } = await read('default', 'demo', { state });
  expect(markedProcesses(directory)).toHaveLength(1);
});

test('other inputs replace what runs', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  const before = await serverOf();
  const plan = anEchoPlan({ inputsHash: 'b'.repeat(64), flags: ['--parallel', '2'] });
  expect((await up(aWorkspace(), plan, options())).action).toBe('replaced');
  await until(ready);
  expect(isAlive(before)).toBe(false);
  const { workspace, plan: stored } = await read('default', 'demo', { state });
  expect(workspace.metadata.generation).toBe(2);
  expect(stored.inputsHash).toBe(plan.inputsHash);
});

test('a port that was asked for and is taken is a fault with a remedy, and leaves no process', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  try {
    await up(aWorkspace(), anEchoPlan(), { ...options(), port });
    const { rootCause, state: workspaceState } = await until(({ rootCause }) => rootCause?.needs === 'person');
    expect(rootCause).toMatchObject({ code: 'PortInUse', message: expect.stringContaining(String(port)) });
    expect(workspaceState).toBe('Pending');
  } finally {
    other.close();
  }
  await once(other, 'close');
  const { directory } = await read('default', 'demo', { state });
  expect(markedProcesses(directory)).toEqual([]);
  await up(aWorkspace(), anEchoPlan(), { ...options(), port });
  const { endpoint } = await until(ready);
  expect(endpoint).toBe(`http://127.0.0.1:${port}`);
});

test('flags that the server refuses end in one cause with its last words, not in a loop', async () => {
  await up(aWorkspace(), anEchoPlan({ flags: ['--parallel', 'many'] }), options());
  const { rootCause, phases } = await until(({ rootCause }) => rootCause?.needs === 'person');
  expect(rootCause?.message).toContain('--parallel');
  expect(phases.find(({ name }) => name === 'ModelLoaded')?.state).toBe('failed');
  const { processes } = await read('default', 'demo', { state });
  expect(processes.server).toBeUndefined();
});

test('SIGTERM to the supervisor drains the server; the Workspace stays, and can be brought up again', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  const { processes, directory } = await read('default', 'demo', { state });
  process.kill(processes.supervisor!.pid, 'SIGTERM');
  expect(await waitGone(processes.supervisor!, 60_000)).toBe(true);
  expect(isAlive(processes.server!)).toBe(false);
  const { assessment, status } = await read('default', 'demo', { state });
  expect(status?.ended).toBe('stopped');
  expect(assessment.rootCause?.code).toBe('SupervisorGone');
  await expect(stat(new WorkspacePaths(state, 'default', 'demo').server)).rejects.toThrow();
  const lines: string[] = [];
  for await (const line of logs('default', 'demo', { state, tail: 3 })) lines.push(line);
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)).toContain('"drained"');
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  expect(markedProcesses(directory)).toHaveLength(1);
});

test('a supervisor whose state was deleted ends itself and its server', async () => {
  await up(aWorkspace(), anEchoPlan(), options());
  await until(ready);
  const { processes, directory } = await read('default', 'demo', { state });
  // The supervisor may write its status in the same moment.
  await rm(directory, { recursive: true, maxRetries: 50, retryDelay: 20 });
  expect(await waitGone(processes.supervisor!, 60_000)).toBe(true);
  expect(isAlive(processes.server!)).toBe(false);
});
