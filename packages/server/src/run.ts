import type { Server } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { openEchoEngine } from './engine/echo/engine.ts';
import { EngineError } from './engine/engine.ts';
import type { Engine } from './engine/engine.ts';
import type { ServerFlags } from './flags/flags.ts';
import { createApp } from './http/app.ts';
import { bearerCheck } from './http/auth.ts';
import { createHttpServer, defaultConnectionLimits, listen } from './http/server.ts';
import { drain } from './lifecycle/drain.ts';
import { exitCodes } from './lifecycle/events.ts';
import type { EventLog } from './lifecycle/events.ts';
import { Metrics } from './metrics/metrics.ts';
import { Service } from './service.ts';
import type { Clock } from './service.ts';

export interface RunParts {
  readonly flags: ServerFlags;
  /** The key that clients must send; absent: none. */
  readonly apiKey: string | undefined;
  readonly log: EventLog;
  readonly clock: Clock;
  /** Aborted when the server is to drain and end. */
  readonly stop: AbortSignal;
}

/**
 * Listens, loads the model, serves until `stop`, and drains. Resolves to the exit code; every failure has been told as a `fault` event.
 */
export async function run(parts: RunParts): Promise<number> {
  const { flags, log, stop } = parts;
  const metrics = new Metrics();
  const service = createService(parts, metrics);
  metrics.watch(service);
  const { apiKey } = parts;
  const app = createApp({ service, metrics, ...(apiKey === undefined ? {} : { authorize: bearerCheck(apiKey) }) });
  const server = createHttpServer(app, { ...defaultConnectionLimits, maxBodyBytes: flags.maxBodyBytes });
  if (!(await startListening(server, flags, apiKey, log))) return exitCodes.cannotListen;

  log({ event: 'readiness', state: 'loading', modelId: flags.modelId });
  let engine: Engine;
  try {
    engine = await openEngine(flags, parts.clock, stop);
  } catch (error) {
    if (stop.aborted) {
      log({ event: 'readiness', state: 'draining', modelId: flags.modelId });
      const aborted = await drain(server, service, flags.drainTimeoutMs);
      log({ event: 'drained', aborted });
      return exitCodes.drained;
    }
    return loadFault(server, error, flags, log);
  }
  service.ready(engine);
  log({ event: 'readiness', state: 'ready', modelId: flags.modelId, afterMs: Math.round(performance.now()) });

  await aborted(stop);
  log({ event: 'readiness', state: 'draining', modelId: flags.modelId });
  log({ event: 'drained', aborted: await drain(server, service, flags.drainTimeoutMs) });
  return exitCodes.drained;
}

function createService({ flags, log, clock }: RunParts, metrics: Metrics): Service {
  const internalError = (error: unknown) =>
    log({
      event: 'warning',
      code: 'InternalError',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      remedy: 'If this goes on, restart the server and report it with the request that causes it.',
    });
  return new Service(
    {
      modelId: flags.modelId,
      api: flags.api,
      chatTemplate: flags.chatTemplate,
      ...(flags.maxTokens === undefined ? {} : { maxTokens: flags.maxTokens }),
      maxBodyBytes: flags.maxBodyBytes,
      stallMs: flags.stallTimeoutMs,
      generation: { maxQueue: flags.maxQueue, requestTimeoutMs: flags.requestTimeoutMs },
    },
    metrics,
    clock,
    internalError,
  );
}

async function startListening(
  server: Server,
  flags: ServerFlags,
  apiKey: string | undefined,
  log: EventLog,
): Promise<boolean> {
  try {
    const address = await listen(server, flags.host, flags.port);
    log({ event: 'listening', ...address });
  } catch (error) {
    log({ event: 'fault', ...listenFault(error as NodeJS.ErrnoException, flags) });
    return false;
  }
  if (apiKey === undefined && !/^(127\.|::1$|localhost$)/.test(flags.host)) {
    log({
      event: 'warning',
      code: 'OpenToNetwork',
      message: `The server listens on ${flags.host} without an API key: whoever reaches the port can use the model.`,
      remedy: 'Give --api-key-file, or listen on 127.0.0.1.',
    });
  }
  return true;
}

function listenFault(
  error: NodeJS.ErrnoException,
  { host, port }: ServerFlags,
): { code: string; message: string; remedy: string } {
  switch (error.code) {
    case 'EADDRINUSE':
      return {
        code: 'PortInUse',
        message: `Port ${port} on ${host} is in use by another process.`,
        remedy: `Stop that process (find it with: lsof -i :${port}), or choose another port with --port; 0 takes any free one.`,
      };
    case 'EACCES':
      return {
        code: 'PortNotAllowed',
        message: `Port ${port} on ${host} may not be opened by this user.`,
        remedy: 'Choose a port above 1023 with --port.',
      };
    default:
      return {
        code: 'CannotListen',
        message: `Cannot listen on ${host}, port ${port}: ${error.message}.`,
        remedy: "Choose one of this machine's addresses with --host.",
      };
  }
}

async function openEngine(flags: ServerFlags, clock: Clock, signal: AbortSignal): Promise<Engine> {
  if (flags.engine === 'echo') {
    await setTimeout(flags.echoLoadDelayMs, undefined, { signal });
    return openEchoEngine({
      modelId: flags.modelId,
      parallel: flags.parallel,
      tokenDelayMs: flags.echoTokenDelayMs,
      embeddings: flags.embeddings,
      adapters: flags.adapters.map(({ name }) => name),
      loadedAt: new Date(clock.epoch()).toISOString(),
      ...(flags.contextLength === undefined ? {} : { contextLength: flags.contextLength }),
    });
  }
  const { openLlamaEngine } = await import('./engine/llama/engine.ts');
  return await openLlamaEngine({
    modelPath: flags.model!,
    modelId: flags.modelId,
    parallel: flags.parallel,
    threads: flags.threads,
    gpuLayers: flags.gpuLayers,
    adapters: flags.adapters,
    embeddings: flags.embeddings,
    signal,
    now: () => new Date(clock.epoch()),
    ...(flags.contextLength === undefined ? {} : { contextLength: flags.contextLength }),
  });
}

function loadFault(server: Server, error: unknown, flags: ServerFlags, log: EventLog): number {
  server.close();
  server.closeAllConnections();
  if (error instanceof EngineError && error.code !== 'Internal') {
    const remedy = error.remedy ?? `Check the file ${flags.model ?? ''} and the flags.`;
    log({ event: 'fault', code: error.code, message: error.message, remedy });
    return exitCodes.modelUnusable;
  }
  const message = error instanceof Error ? error.message : String(error);
  log({ event: 'fault', code: 'EngineFailed', message, remedy: 'Report this with the model file and the flags.' });
  return exitCodes.internal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
