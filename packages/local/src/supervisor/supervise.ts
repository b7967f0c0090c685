import { rm, stat } from 'node:fs/promises';
import type { Fault, ProcessExit } from '@kaito/diagnosis';
import type { PhaseName } from '@kaito/planner';
import { readJson, writeJson } from '../state/atomic-file.ts';
import type { WorkspacePaths } from '../state/directories.ts';
import type { ServerRecord, StatusRecord, Wanted } from '../state/record.ts';
import type { choosePort } from './port.ts';
import { afterExit } from './restart.ts';
import { type FetchedAdapter, serverCommand } from './server-command.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerLauncher, ServerProcess } from './server-process.ts';
import { StatusKeeper } from './status-keeper.ts';
import { type AdoptableServer, endOtherServers, findServer } from './takeover.ts';
import { drainGraceMs, healthyAfterMs } from './timing.ts';
import { type FetchWeights, type WeightsTask, getWeights } from './weights.ts';

/** What the supervisor acts through; composed in `main.ts`, replaced in tests. */
export interface SupervisorParts {
  readonly fetchWeights: FetchWeights;
  readonly launcher: ServerLauncher;
  readonly choosePort: typeof choosePort;
  readonly now: () => Date;
  /** @throws the signal's reason when aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (message: string) => void;
}

/**
 * Looks after one Workspace until `stop` is aborted (then the server is drained: `stopped`) or a person must act (`failed`). Whatever
 * was there before, a killed supervisor's server included, it converges to one server that runs what is wanted.
 */
export async function supervise(
  paths: WorkspacePaths,
  wanted: Wanted,
  parts: SupervisorParts,
  stop: AbortSignal,
): Promise<'stopped' | 'failed'> {
  const previous = await readJson<StatusRecord>(paths.status).catch(() => undefined);
  const status = new StatusKeeper(paths.status, wanted, previous, parts.now, parts.report);
  const ended = await new Supervision(paths, wanted, parts, stop, status).run().catch((error: unknown) => {
    if (stop.aborted) return 'stopped' as const;
    throw error;
  });
  await status.end(ended);
  return ended;
}

class Supervision {
  readonly #paths: WorkspacePaths;
  readonly #wanted: Wanted;
  readonly #parts: SupervisorParts;
  readonly #stop: AbortSignal;
  readonly #status: StatusKeeper;
  #record: ServerRecord | undefined;
  #fault: Fault | undefined;
  #readySince: number | undefined;
  #port: number | undefined;

  constructor(paths: WorkspacePaths, wanted: Wanted, parts: SupervisorParts, stop: AbortSignal, status: StatusKeeper) {
    this.#paths = paths;
    this.#wanted = wanted;
    this.#parts = parts;
    this.#stop = stop;
    this.#status = status;
  }

  async run(): Promise<'stopped' | 'failed'> {
    const now = this.#time();
    this.#status.phase('Validated', { startedAt: now, endedAt: now });
    const orphan = await findServer(this.#paths, this.#wanted.plan.inputsHash);
    let running = orphan === undefined ? undefined : await this.#adopt(orphan);
    await this.#status.flush();
    await endOtherServers(this.#paths, orphan);
    for (let quickCrashes = 0; ;) {
      if (running === undefined) {
        const files = await this.#weights();
        if (files === undefined) return 'failed';
        running = await this.#start(files);
        if (running === undefined) return 'failed';
      }
      const exit = await this.#untilEnd(running);
      running = undefined;
      await rm(this.#paths.server, { force: true });
      if (exit === undefined) return 'stopped';
      const healthy = this.#readySince !== undefined && performance.now() - this.#readySince >= healthyAfterMs;
      this.#readySince = undefined;
      const decision = afterExit(exit, quickCrashes, healthy, this.#wanted.settings.port === undefined);
      this.#noteExit(exit, decision.action);
      if (decision.action === 'give-up') return 'failed';
      if (decision.action === 'next-port') continue;
      quickCrashes = decision.quickCrashes;
      const next = new Date(this.#parts.now().getTime() + decision.delayMs);
      this.#status.server({ nextStartAt: next.toISOString() });
      await this.#status.flush();
      await this.#parts.sleep(decision.delayMs, this.#stop);
      this.#status.server({ nextStartAt: undefined, restarts: this.#status.process.restarts + 1 });
    }
  }

  #time(): string {
    return this.#parts.now().toISOString();
  }

  async #fail(phase: PhaseName, fault: Omit<Fault, 'kind' | 'at'>): Promise<undefined> {
    this.#status.phase(phase, { startedAt: this.#time(), fault: { ...fault, kind: 'terminal', at: this.#time() } });
    await this.#status.flush();
  }

  /** The files to serve, fetched or from the cache; looked up before every start, so that a lost cache mends itself. */
  async #weights(): Promise<{ modelPath?: string; adapters: FetchedAdapter[] } | undefined> {
    const { plan, settings } = this.#wanted;
    const model = plan.model;
    const adapters: FetchedAdapter[] = [];
    if (plan.runtime === undefined || plan.runtime.kind !== 'server') {
      return this.#fail('Validated', {
        code: 'PlanNotLocal',
        message: 'the Plan names an image or a pod template, which only a cluster can run',
        remedy: 'see what this machine can run instead: kaito plan -f <manifest>',
      });
    }
    const file = model?.file;
    if (model === undefined || file === undefined) {
      this.#status.phase('WeightsReady', { startedAt: this.#time(), endedAt: this.#time() });
      return { adapters };
    }
    this.#status.phase('WeightsReady', { startedAt: this.#time(), endedAt: undefined, fault: undefined });
    const task: WeightsTask = {
      fetchWeights: this.#parts.fetchWeights,
      cacheDirectory: settings.cacheDirectory,
      signal: this.#stop,
      now: this.#parts.now,
      sleep: this.#parts.sleep,
      onProgress: (progress) => this.#status.phase('WeightsReady', { progress }),
      onFault: (fault) => this.#status.phase('WeightsReady', { fault }),
    };
    const { bytes, digest, sources, quantisation } = file;
    const request = { name: `${model.name}/${quantisation}`, bytes, sources, ...(digest !== undefined && { digest }) };
    const fetched = await getWeights(request, task);
    if (fetched === undefined) return undefined;
    for (const { name, strength, source } of plan.runtime.adapters) {
      if (source.type === 'image') {
        return this.#fail('WeightsReady', {
          code: 'AdapterNotLocal',
          message: `the adapter "${name}" comes from an image, which only a cluster can mount`,
          remedy: 'give the adapter as a file: inference.adapters[].source.urls',
        });
      }
      const adapter = await getWeights({ name: `${model.name}/adapter/${name}`, sources: [source] }, task);
      if (adapter === undefined) return undefined;
      adapters.push({ name, strength, path: adapter.path });
    }
    this.#status.phase('WeightsReady', { endedAt: this.#time(), progress: undefined });
    return { modelPath: fetched.path, adapters };
  }

  async #start(files: { modelPath?: string; adapters: FetchedAdapter[] }): Promise<ServerProcess | undefined> {
    const { plan, settings } = this.#wanted;
    const choice = await this.#parts.choosePort(settings.host, settings.port, this.#port);
    if ('taken' in choice) return this.#fail('ModelLoaded', portFault(settings.host, choice));
    this.#stop.throwIfAborted();
    this.#status.phase('ModelLoaded', { startedAt: this.#time(), endedAt: undefined, fault: undefined });
    this.#status.forget('Serving');
    this.#fault = undefined;
    const command = serverCommand(plan, settings, { ...files, port: choice.port });
    let server: ServerProcess;
    try {
      server = await this.#parts.launcher.start(
        {
          command,
          environment: plan.runtime?.environment ?? {},
          logFile: this.#paths.serverLog,
          marker: this.#paths.directory,
        },
        (event) => this.#onEvent(event),
      );
    } catch (error) {
      return this.#fail('ModelLoaded', {
        code: 'ServerNotStarted',
        message: `the server cannot be started: ${error instanceof Error ? error.message : String(error)}`,
        remedy: `check that ${command[0]} is there and may be run`,
      });
    }
    const startedAt = this.#time();
    this.#port = choice.port === 0 ? this.#port : choice.port;
    const note = choice.note ?? (this.#status.process.restarts > 0 ? this.#status.process.note : undefined);
    this.#status.server({ pid: server.identity.pid, startedAt, readiness: 'loading', endpoint: undefined, note });
    await this.#keep({ ...server.identity, startedAt, inputsHash: plan.inputsHash });
    await this.#status.flush();
    this.#parts.report(`server started, pid ${server.identity.pid}: ${command.join(' ')}`);
    return server;
  }

  async #adopt(record: AdoptableServer): Promise<ServerProcess> {
    const { pid, startedAt, endpoint } = record;
    this.#parts.report(`took over the server with pid ${pid}`);
    this.#record = record;
    this.#port = Number(new URL(endpoint).port) || undefined;
    this.#status.phase('WeightsReady', { startedAt, endedAt: startedAt });
    this.#status.phase('ModelLoaded', { startedAt });
    this.#status.server({ pid, startedAt, readiness: 'loading', endpoint });
    return this.#parts.launcher.adopt(record, endpoint, this.#paths.serverLog, (event) => this.#onEvent(event));
  }

  async #keep(record: ServerRecord): Promise<void> {
    this.#record = record;
    await writeJson(this.#paths.server, record);
  }

  #onEvent(event: ServerEvent): void {
    if (event.event === 'fault') {
      const { code, message, remedy } = event;
      this.#fault = {
        code,
        message: message.replace(/\.$/, ''),
        ...(remedy !== undefined && { remedy }),
        kind: 'terminal',
      };
      return;
    }
    if (event.event === 'listening') {
      const endpoint = event.url.replace(/\/$/, '');
      this.#port = Number(new URL(endpoint).port) || this.#port;
      this.#status.server({ endpoint });
      if (this.#record !== undefined) void this.#keep({ ...this.#record, endpoint }).catch(() => {});
      return;
    }
    this.#status.server({ readiness: event.state });
    if (event.state === 'ready') {
      this.#readySince ??= performance.now();
      this.#status.phase('ModelLoaded', { endedAt: this.#time() });
      this.#status.phase('Serving', { startedAt: this.#time(), endedAt: this.#time() });
    }
    void this.#status.flush();
  }

  /** How the server ended; undefined when it was ended because `stop` was aborted. */
  async #untilEnd(server: ServerProcess): Promise<ProcessExit | undefined> {
    let stopping: (() => void) | undefined;
    const asked = new Promise<undefined>((resolve) => {
      stopping = () => resolve(undefined);
      if (this.#stop.aborted) stopping();
      else this.#stop.addEventListener('abort', stopping, { once: true });
    });
    const exit = await Promise.race([server.exited, asked]);
    if (stopping !== undefined) this.#stop.removeEventListener('abort', stopping);
    if (exit !== undefined) return exit;
    if ((await stat(this.#paths.deleting).catch(() => undefined)) !== undefined) this.#status.deleting();
    this.#status.server({ readiness: 'draining' });
    await this.#status.flush();
    server.signal('SIGTERM');
    const kill = setTimeout(() => server.signal('SIGKILL'), drainGraceMs);
    await server.exited;
    clearTimeout(kill);
    this.#status.server({ pid: undefined, readiness: undefined, endpoint: undefined });
    return undefined;
  }

  #noteExit(exit: ProcessExit, action: 'restart' | 'next-port' | 'give-up'): void {
    this.#record = undefined;
    this.#parts.report(`server ended: ${exit.signal ?? `exit code ${exit.code}`} (${action})`);
    this.#status.forget('Serving');
    this.#status.phase('ModelLoaded', { startedAt: undefined, endedAt: undefined });
    const fault = this.#fault;
    const gone = { pid: undefined, readiness: undefined, endpoint: undefined, startedAt: undefined } as const;
    if (action === 'next-port') return this.#status.server(gone);
    this.#status.server({ ...gone, lastExit: exit, ...(action === 'give-up' && { gaveUp: true }) });
    if (action === 'give-up' && fault !== undefined)
      this.#status.phase('ModelLoaded', { startedAt: this.#time(), fault });
  }
}

function portFault(
  host: string,
  choice: { readonly taken: number; readonly reason: string },
): Omit<Fault, 'kind' | 'at'> {
  switch (choice.reason) {
    case 'EACCES':
      return {
        code: 'PortForbidden',
        message: `this user may not listen on port ${choice.taken}`,
        remedy: 'ask for a port from 1024 upward: kaito up -f <manifest> --port <port>',
      };
    case 'EADDRNOTAVAIL':
      return {
        code: 'HostNotHere',
        message: `${host} is no address of this machine`,
        remedy: 'listen on one of its own: kaito up -f <manifest> --host 127.0.0.1',
      };
    default:
      return {
        code: 'PortInUse',
        message: `port ${choice.taken} on ${host} is taken by another program`,
        remedy: 'end that program, or let kaito choose: kaito up -f <manifest> without --port',
      };
  }
}
