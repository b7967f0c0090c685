import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fetchWeights } from '@kaito/weights';
import { WorkspacePaths } from './state/directories.ts';
import { tryLock } from './state/lock.ts';
import { readWanted } from './state/record.ts';
import { choosePort } from './supervisor/port.ts';
import { realLauncher } from './supervisor/server-process.ts';
import { supervise } from './supervisor/supervise.ts';

const usage = `Usage: node packages/local/src/main.ts supervise --state DIR --namespace NS --name NAME

Looks after one Workspace on this machine: fetches its weights, runs its server, and keeps its status. Started by 'kaito up';
SIGTERM ends it and the server. Exit codes: 0 stopped, or another supervisor runs already; 1 a person must act (see the status);
2 wrong command line; 70 internal error.
`;

function report(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}

async function main(argv: readonly string[]): Promise<number> {
  let flags: { readonly state: string; readonly namespace: string; readonly name: string };
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        state: { type: 'string' },
        namespace: { type: 'string' },
        name: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    const { state, namespace, name } = values;
    if (positionals.join(' ') !== 'supervise' || state === undefined || namespace === undefined || name === undefined) {
      throw new Error('supervise, --state, --namespace and --name are required');
    }
    flags = { state, namespace, name };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const paths = new WorkspacePaths(flags.state, flags.namespace, flags.name);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error(signal)));
  process.on('SIGHUP', () => {});
  const held = await tryLock(paths.supervisorLock);
  if (held === undefined) {
    report('another supervisor looks after this Workspace');
    return 0;
  }
  const vanished = setInterval(() => {
    stat(paths.workspace).catch(() => stop.abort(new Error('the Workspace is gone')));
  }, 5000);
  try {
    const wanted = await readWanted(paths);
    if (wanted === undefined) throw new Error(`there is no whole Workspace in ${paths.directory}`);
    const parts = { fetchWeights, launcher: realLauncher, choosePort, now: () => new Date(), sleep, report };
    const ended = await supervise(paths, wanted, parts, stop.signal);
    report(ended);
    return ended === 'stopped' ? 0 : 1;
  } finally {
    clearInterval(vanished);
    await held.release().catch(() => {});
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 70;
}
process.exit();
