import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Client, Clock, Live, Logger } from '@kaito/kube';
import { type ContainerProcess, containerProcess } from './container.ts';
import { type Ended, showStanding, type Standing } from './pod-status.ts';
import { type Account, fillVolumes, tokenOf, writeWhole } from './volumes.ts';

/** First and longest wait before a container that has ended is started again, ms; the kubelet's are 10 s and 5 min. */
const pauses = [1_000, 8_000] as const;
/** First and longest wait between two looks at readiness, ms. */
const probes = [50, 1_000] as const;
/** What of a log is taken for a termination message, bytes; source: `FallbackToLogsOnError`. */
const longestTail = 2048;
/** How long a process may take to end, ms; that of the chart's pods. */
const graceMs = 30_000;
/** Of the process's own token, s. */
const tokenSeconds = 30 * 86_400;

export interface WorkloadDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of logs and volumes. */
  readonly directory: string;
  /** Its program. */
  readonly main: string;
  /** A kubeconfig for whoever has this token. */
  readonly kubeconfigOf: (token: string) => string;
}

/** The one process that all pods of a Deployment stand for. */
export class Workload {
  readonly #deps: WorkloadDeps;
  /** Of the pods that the process stands for; undefined: there shall be none. */
  #template: string | undefined;
  #child: ChildProcess | undefined;
  #standing: Standing | undefined;
  #pods: readonly Live<Pod>[] = [];
  #cancels: (() => void)[] = [];
  /** Counts the ends that were asked for: what was begun before one is not carried on after it. */
  #ends = 0;
  readonly #worn = new Set<string>();

  constructor(deps: WorkloadDeps) {
    this.#deps = deps;
  }

  /** Brings the process in line with the Deployment and those of its pods that have an address. */
  async converge(deployment: Live<Deployment> | undefined, pods: readonly Live<Pod>[]): Promise<void> {
    this.#pods = pods;
    const wanted = pods.length === 0 ? undefined : deployment;
    this.#wear(wanted === undefined ? [] : pods.map(({ status }) => status!.podIP!));
    const template = wanted === undefined ? undefined : JSON.stringify(wanted.spec!.template);
    if (template !== this.#template) {
      await this.stop();
      if (wanted !== undefined) await this.#start(wanted, 0);
      this.#template = template;
    }
    await this.#show();
  }

  /** Ends the process as the kubelet does, and waits until it has ended. */
  async stop(): Promise<void> {
    this.#ends += 1;
    this.#template = undefined;
    this.#cancelAll();
    const child = this.#child;
    this.#child = undefined;
    this.#standing = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const cancel = this.#deps.clock.after(graceMs, () => child.kill('SIGKILL'));
    await gone;
    cancel();
  }

  /** The addresses of the pods become this network namespace's own, so that what is addressed to a pod reaches the process. */
  #wear(addresses: readonly string[]): void {
    for (const address of [...this.#worn].filter((each) => !addresses.includes(each))) {
      ip('del', address);
      this.#worn.delete(address);
    }
    for (const address of addresses) {
      ip('replace', address);
      this.#worn.add(address);
    }
  }

  async #start(deployment: Live<Deployment>, restarts: number, last?: Ended): Promise<void> {
    const { client, logger, directory, main, kubeconfigOf } = this.#deps;
    const ends = this.#ends;
    const { name = '', namespace = '' } = deployment.metadata;
    const folder = join(directory, name);
    const container = containerProcess(deployment, this.#pods[0]!, join(folder, 'volumes'));
    const account = { namespace, serviceAccount: container.serviceAccount };
    await this.#fill(container.files, account);
    const kubeconfig = join(folder, 'kubeconfig');
    writeWhole(kubeconfig, kubeconfigOf(await tokenOf(client, account, { expirationSeconds: tokenSeconds })));
    const terminationLog = join(folder, 'termination-log');
    writeWhole(terminationLog, '');
    const healthPort = await freePort();
    if (ends !== this.#ends) return;
    const log = join(directory, `${name}.log`);
    const output = openSync(log, 'a');
    const begin = fstatSync(output).size;
    // Pods have their ports for themselves; processes share them.
    const argv = [main, ...container.args, `--health-port=${healthPort}`, '--metrics-port=0'];
    const { PATH } = process.env;
    const env = { PATH, ...container.environment, KUBECONFIG: kubeconfig, TERMINATION_LOG: terminationLog };
    const child = spawn(process.execPath, argv, { cwd: folder, env, stdio: ['ignore', output, output] });
    closeSync(output);
    this.#child = child;
    this.#standing = { kind: 'starting', pid: child.pid, restarts, ...(last !== undefined && { last }) };
    logger.log('info', 'started', { name, namespace, restarts });
    this.#probe(child, healthPort, probes[0]);
    child.once('exit', (code) => {
      if (this.#child !== child) return;
      const message =
        readFileSync(terminationLog, 'utf8') || readFileSync(log).subarray(begin).subarray(-longestTail).toString();
      this.#ended(deployment, restarts, { exitCode: code ?? 137, message: message.trim(), at: this.#now() });
    });
  }

  #ended(deployment: Live<Deployment>, restarts: number, last: Ended): void {
    const { name, namespace } = deployment.metadata;
    this.#cancelAll();
    this.#standing = { kind: 'ended', pid: this.#child?.pid, restarts, last };
    this.#deps.logger.log('warn', 'ended', { name, namespace, exitCode: last.exitCode, message: last.message });
    this.#later(0, () => this.#show());
    const pause = Math.min(pauses[0] * 2 ** Math.min(restarts, 10), pauses[1]);
    const again = async (): Promise<void> => {
      try {
        await this.#start(deployment, restarts + 1, last);
      } catch (error) {
        this.#later(pauses[1], again);
        throw error;
      }
    };
    this.#later(pause, again);
  }

  /** Ready once it says so, as a readiness probe finds out. */
  #probe(child: ChildProcess, port: number, waitMs: number): void {
    this.#later(waitMs, async () => {
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      );
      const standing = this.#standing;
      if (this.#child !== child || standing?.kind !== 'starting') return;
      if (ready) {
        this.#standing = { ...standing, kind: 'ready' };
        await this.#show();
      } else this.#probe(child, port, Math.min(waitMs * 2, probes[1]));
    });
  }

  async #show(): Promise<void> {
    const { client, clock } = this.#deps;
    const standing = this.#standing;
    if (standing === undefined) return;
    await Promise.all(this.#pods.map((pod) => showStanding(client, pod, standing, clock.now())));
  }

  async #fill(files: ContainerProcess['files'], account: Account): Promise<void> {
    const ends = this.#ends;
    const again = await fillVolumes(this.#deps.client, files, account);
    if (again !== undefined && ends === this.#ends) this.#later(again, () => this.#fill(files, account));
  }

  #now(): string {
    return this.#deps.clock.now().toISOString();
  }

  #later(ms: number, work: () => Promise<void>): void {
    const run = () =>
      work().catch((error: unknown) => this.#deps.logger.log('error', 'could not be carried out', { error }));
    this.#cancels.push(this.#deps.clock.after(ms, () => void run()));
  }

  #cancelAll(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}

function ip(verb: 'replace' | 'del', address: string): void {
  execFileSync('ip', ['address', verb, `${address}/32`, 'dev', 'lo'], { stdio: 'pipe' });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
