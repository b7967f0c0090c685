import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '../..');

/** As the chart sets it in NODE_OPTIONS. */
export const heapFlags = ['--max-semi-space-size=2'];

/** One file of JavaScript of a program, as an image holds it, so that the time and memory for reading TypeScript is not measured. */
export async function bundled(file: string, folder: string): Promise<string> {
  const name = basename(dirname(file)) + basename(file, '.ts');
  const dir = join(folder, name);
  const program = join(dir, `${basename(file, '.ts')}.js`);
  if (existsSync(program)) return program;
  await build({ input: join(root, file), platform: 'node', output: { dir, format: 'esm' }, logLevel: 'silent' });
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  return program;
}

/** A measured process of Node; its standard output and error go to a file. */
export interface Measured {
  readonly child: ChildProcess;
  /** User and system time so far, of the kernel's own accounts at Linux's 100 ticks per second. */
  cpuSeconds(): number;
  residentMiB(): number;
  peakMiB(): number;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts `node file ...args`. */
export function start(log: string, file: string, args: readonly string[], nodeFlags: readonly string[] = []): Measured {
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, [...nodeFlags, file, ...args], {
    stdio: ['ignore', output, output],
  });
  const ended = once(child, 'exit');
  process.once('exit', () => child.kill('SIGKILL'));
  const memory = (field: string): number => {
    const text = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1]) / 1024;
  };
  return {
    child,
    cpuSeconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    residentMiB: () => memory('VmRSS'),
    peakMiB: () => memory('VmHWM'),
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

export const metricsPort = 18_080;

/** The Workspace operator as its image starts it, but for the webhook, which has a bench of its own. */
export async function startOperator(folder: string, nodeFlags: readonly string[]): Promise<Measured> {
  const args = [
    '--webhook=false',
    '--server-image=registry.example/kaito-server:1.0.0',
    `--metrics-port=${metricsPort}`,
    '--health-port=18081',
    '--log-level=info',
  ];
  const program = await bundled('packages/workspace/src/main.ts', folder);
  return start(join(folder, 'operator.log'), program, args, [...heapFlags, ...nodeFlags]);
}

/** Fulfils NodeClaims with simulated nodes at once, without `whole` also what workloads ask for; the same for the operator and for the floor. */
export function startProvisioner(log: string, whole: boolean): Measured {
  const program = whole ? 'lab/kubernetes/src/simulated-provisioner.ts' : 'bench/operator/instant-cluster.ts';
  return start(log, join(root, program), []);
}

/** Requests on the wire by method, and reconciles, since the operator's start. */
export interface Counts {
  readonly requests: Readonly<Record<string, number>>;
  readonly reconciles: number;
  /** Keys that wait or are worked on. */
  readonly pending: number;
}

/** The operator's own numbers, as Prometheus would read them; undefined while it does not serve them. */
export async function counts(): Promise<Counts | undefined> {
  let text: string;
  try {
    text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  } catch {
    return undefined;
  }
  const requests: Record<string, number> = {};
  let reconciles = 0;
  let pending = 0;
  for (const line of text.split('\n')) {
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    const method = /method="(\w+)"/.exec(labels ?? '')?.[1];
    if (name === 'rest_client_requests_total' && method !== undefined)
      requests[method] = (requests[method] ?? 0) + Number(value);
    if (labels?.includes('workspace.lifecycle') !== true) continue;
    if (name === 'controller_runtime_reconcile_total') reconciles += Number(value);
    if (name === 'workqueue_depth' || name === 'controller_runtime_active_workers') pending += Number(value);
  }
  return { requests, reconciles, pending };
}

/** What was asked for between two readings. */
export function requestsBetween(before: Counts, after: Counts): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.requests).flatMap(([method, count]) => {
      const more = count - (before.requests[method] ?? 0);
      return more === 0 ? [] : [[method, more]];
    }),
  );
}

export function writesOf(requests: Readonly<Record<string, number>>): number {
  return Object.entries(requests).reduce((sum, [method, count]) => (method === 'GET' ? sum : sum + count), 0);
}
