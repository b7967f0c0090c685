import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessExit } from '@kaito/diagnosis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDirectory, readJson } from '../state/atomic-file.ts';
import { WorkspacePaths } from '../state/directories.ts';
import type { StatusRecord } from '../state/record.ts';
import { aWorkspace, anEchoPlan } from '../testing/factories.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerLauncher } from './server-process.ts';
import { type SupervisorParts, supervise } from './supervise.ts';

let root: string;
let paths: WorkspacePaths;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kaito-supervise-'));
  paths = new WorkspacePaths(root, 'default', 'demo');
  await makeDirectory(paths.directory);
});
afterEach(() => rm(root, { recursive: true }));

/** What one started server does: it tells events, then ends; `signal` ends it. */
type Script = (tell: (event: ServerEvent) => void, signalled: Promise<string>) => Promise<Partial<ProcessExit>>;

function fakeLauncher(scripts: Script[]): ServerLauncher & { readonly commands: string[][] } {
  const commands: string[][] = [];
  return {
    commands,
    start: async ({ command }, tell) => {
      commands.push([...command]);
      const script = scripts.shift();
      if (script === undefined) throw new Error('no such program');
      const { promise, resolve } = Promise.withResolvers<string>();
      const exited = script(tell, promise).then((exit) => ({
        code: null,
        signal: null,
        at: '1970-01-01T00:00:00.000Z',
        lastLines: [],
        ...exit,
      }));
      return { identity: { pid: 1_000_000_000 + commands.length, start: 'fake' }, exited, signal: resolve };
    },
    adopt: () => Promise.reject(new Error('there is nothing to adopt')),
  };
}

const crash: Script = async () => ({ code: 70, lastLines: ['out of slots'] });
const serve: Script = async (tell, signalled) => {
  tell({ event: 'listening', url: 'http://127.0.0.1:5000' });
  tell({ event: 'readiness', state: 'ready' });
  await signalled;
  return { code: 0 };
};

const refuse: Script = async (tell) => {
  tell({ event: 'fault', code: 'ModelUnusable', message: 'The file is no GGUF.', remedy: 'Fetch it again.' });
  return { code: 3 };
};

async function run(
  launcher: ServerLauncher,
  change: Partial<SupervisorParts> = {},
  stop = new AbortController().signal,
  plan = anEchoPlan(),
) {
  const wanted = {
    workspace: aWorkspace(),
    plan,
    settings: { host: '127.0.0.1', cacheDirectory: '/c', serverCommand: ['serve'] },
  };
  const parts: SupervisorParts = {
    fetchWeights: () => Promise.reject(new Error('nothing is to be fetched')),
    launcher,
    choosePort: async () => ({ port: 5000 }),
    now: () => new Date('2024-03-01T12:00:00Z'),
    sleep: async (_, signal) => signal.throwIfAborted(),
    report: () => {},
    ...change,
  };
  const ended = await supervise(paths, wanted, parts, stop);
  const status = await readJson<StatusRecord>(paths.status);
  expect(status?.ended).toBe(ended);
  return { ended, status: status!, assessment: status!.assessment };
}

test('a server that crashes over and over is given up, with its last words', async () => {
  const launcher = fakeLauncher([crash, crash, crash, crash, crash, crash]);
  const { ended, assessment } = await run(launcher);
  expect(ended).toBe('failed');
  expect(launcher.commands).toHaveLength(6);
  expect(assessment.rootCause).toMatchObject({ code: 'CrashLoop', needs: 'person' });
  expect(assessment.rootCause?.message).toContain('out of slots');
  expect(await readJson(paths.server)).toBeUndefined();
});

test('the fault that the server named becomes the root cause, and it is not started again', async () => {
  const { assessment } = await run(fakeLauncher([refuse]));
  expect(assessment.phases.find(({ name }) => name === 'ModelLoaded')).toMatchObject({
    state: 'failed',
    detail: 'The file is no GGUF',
  });
  expect(assessment.rootCause).toMatchObject({ needs: 'person', remedy: 'Fetch it again.' });
});

test('a port that another program took meanwhile is chosen anew at once, and is no crash', async () => {
  const stop = new AbortController();
  const stopOnce: Script = async (tell, signalled) => {
    const end = serve(tell, signalled);
    stop.abort(new Error('SIGTERM'));
    return end;
  };
  const ports = [5000, 5001];
  const launcher = fakeLauncher([async () => ({ code: 4 }), stopOnce]);
  const { ended, status } = await run(
    launcher,
    { choosePort: async () => ({ port: ports.shift() ?? 0 }) },
    stop.signal,
  );
  expect(ended).toBe('stopped');
  expect(launcher.commands.map((command) => command.at(-1))).toEqual(['5000', '5001']);
  expect(status.evidence.process).toMatchObject({ restarts: 0 });
  expect(status.evidence.process?.lastExit).toBeUndefined();
});

test('stopping drains the server, and says so when the Workspace is being deleted', async () => {
  const stop = new AbortController();
  await writeFile(paths.deleting, '');
  let draining: StatusRecord | undefined;
  const server: Script = async (tell, signalled) => {
    const end = serve(tell, signalled);
    stop.abort(new Error('SIGTERM'));
    expect(await signalled).toBe('SIGTERM');
    draining = await readJson<StatusRecord>(paths.status);
    return end;
  };
  const { ended } = await run(fakeLauncher([server]), {}, stop.signal);
  expect(ended).toBe('stopped');
  expect(draining?.assessment.rootCause?.code).toBe('Deleting');
  expect(draining?.evidence.process?.readiness).toBe('draining');
  expect(await readJson(paths.server)).toBeUndefined();
});

test('a program that is not there is one clear fault', async () => {
  const { ended, assessment } = await run(fakeLauncher([]));
  expect(ended).toBe('failed');
  expect(assessment.rootCause).toMatchObject({
    code: 'ServerNotStarted',
    needs: 'person',
    remedy: 'check that serve is there and may be run',
  });
});

test('stopping while weights are fetched ends the fetch and starts nothing', async () => {
  const stop = new AbortController();
  const launcher = fakeLauncher([]);
  const echo = anEchoPlan();
  const file = { quantisation: 'q8_0', bytes: 5, sources: [{ type: 'https', url: 'https://example.com/m' }] } as const;
  const plan = { ...echo, model: { ...echo.model!, file } };
  const fetchWeights: SupervisorParts['fetchWeights'] = async ({ name, bytes }, { signal }) => {
    expect([name, bytes]).toEqual(['echo/q8_0', 5]);
    stop.abort(new Error('SIGTERM'));
    expect(signal?.aborted).toBe(true);
    throw new Error('cancelled');
  };
  const { ended } = await run(launcher, { fetchWeights }, stop.signal, plan);
  expect(ended).toBe('stopped');
  expect(launcher.commands).toEqual([]);
});
