import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own terms, unique across restarts of the machine. */
  readonly start: string;
}

let bootId: string | undefined;

/** State letter and start time (clock ticks since boot) from `/proc/<pid>/stat`, fields 3 and 22; the name in field 2 may hold anything. */
export function parseProcStat(text: string): { readonly state: string; readonly startTicks: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

function onLinux(pid: number): string | undefined {
  try {
    const stat = parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${bootId}:${stat.startTicks}`;
  } catch {
    return undefined;
  }
}

function elsewhere(pid: number): string | undefined {
  const result = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  });
  const [state, ...start] = (result.stdout ?? '').trim().split(/\s+/);
  return state === undefined || state === '' || state.startsWith('Z') ? undefined : start.join(' ');
}

/** The identity of a running process; undefined when there is none, or it is dead and only not collected by its parent. */
export function identify(pid: number): ProcessIdentity | undefined {
  const start = process.platform === 'linux' ? onLinux(pid) : elsewhere(pid);
  return start === undefined ? undefined : { pid, start };
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= identify(process.pid) ?? { pid: process.pid, start: 'unknown' };
  return own;
}

/** True while exactly that process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start;
}

/** Sends a signal to exactly that process; false when it is gone. */
export function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}

/** Resolves when the process is gone: true, or false after `timeoutMs`. Looks every 50 ms. */
export async function waitGone(identity: ProcessIdentity, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await delay(50, undefined, signal === undefined ? {} : { signal });
  }
  return true;
}

/** Asks the process to end (SIGTERM) and, when it has not after `graceMs`, ends it (SIGKILL). Resolves when it is gone. */
export async function terminate(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!sendSignal(identity, 'SIGTERM')) return;
  if (await waitGone(identity, graceMs)) return;
  sendSignal(identity, 'SIGKILL');
  await waitGone(identity, 10_000);
}
