import type { IncomingHttpHeaders } from 'node:http';
import { AzureError } from '../errors/azure-error.ts';
import type { Call } from '../call.ts';
import { classify } from '../errors/classify.ts';
import { objectOf, textOf } from '../json.ts';
import { pause } from '../wire/pause.ts';
import { retryAfterMs } from '../wire/retry-after.ts';
import { contextOf } from './call-context.ts';
import type { Operation, OperationState } from './operation.ts';
import type { ArmAnswer, ResourceManager } from './resource-manager.ts';

/** Between two looks where Azure says nothing, ms. */
const defaultPauseMs = 5_000;
/** However short Azure's own wish is, ms. */
const shortestPauseMs = 100;

export interface WaitOptions extends Call {
  /** How long to wait at most, ms. */
  readonly deadlineMs: number;
  /** Is told each time that it is still under way. */
  readonly onRunning?: () => void;
}

/** Asks after long-running operations. */
export class Operations {
  readonly #resourceManager: ResourceManager;

  constructor(resourceManager: ResourceManager) {
    this.#resourceManager = resourceManager;
  }

  /** The operation that an answer began; undefined where it names none, or one of another server. */
  begunBy({ headers }: Pick<ArmAnswer, 'headers'>): Operation | undefined {
    const wait = retryAfterMs(headers, this.#resourceManager.wire.clock.now());
    const asked = wait === undefined ? {} : { retryAfterMs: wait };
    const url = address(headers, 'azure-asyncoperation');
    if (url !== undefined && this.#resourceManager.owns(url)) return { url, kind: 'azure-async-operation', ...asked };
    const location = address(headers, 'location');
    return location !== undefined && this.#resourceManager.owns(location)
      ? { url: location, kind: 'location', ...asked }
      : undefined;
  }

  /**
   * Looks once. A stored operation is nothing to trust: one of another server is `unknown`, and nothing is sent there.
   *
   * @throws AzureError when no answer came, or the look itself was refused (rights, throttling, a failing server)
   */
  async poll(operation: Operation, call: Call = {}): Promise<OperationState> {
    if (typeof operation.url !== 'string' || !this.#resourceManager.owns(operation.url)) return { state: 'unknown' };
    const answer = await this.#resourceManager.look(operation.url, call);
    const { status, headers, body } = answer;
    const running = { state: 'running', retryAfterMs: answer.retryAfterMs ?? defaultPauseMs } as const;
    const context = contextOf(URL.parse(operation.url)?.pathname ?? '');
    if (status >= 200 && status < 300) {
      if (operation.kind === 'location') return status === 202 ? running : { state: 'succeeded' };
      return byBody(status, body, running, context);
    }
    const error = classify({ status, headers, body, retryAfterMs: answer.retryAfterMs }, context);
    if ((status === 404 || status === 410) && error.azureCode !== undefined) return { state: 'unknown' };
    if (operation.kind === 'location' && tellsOfOperation.has(status)) return { state: 'failed', error };
    throw error;
  }

  /**
   * Waits until an operation has succeeded, looking as often as Azure asks; a look that fails by the way is repeated.
   *
   * @throws AzureError: the operation's own, `TimedOut` after the deadline, `OperationFailed` where Azure does not know it; or the signal's reason
   */
  async wait(operation: Operation, options: WaitOptions): Promise<void> {
    const { clock } = this.#resourceManager.wire;
    const end = clock.monotonic() + options.deadlineMs;
    let pauseMs = operation.retryAfterMs ?? shortestPauseMs;
    for (;;) {
      const left = end - clock.monotonic();
      if (left <= 0) throw late(options.deadlineMs);
      await pause(clock, Math.min(Math.max(pauseMs, shortestPauseMs), left), options.signal);
      const state = await this.#looked(operation, options);
      if (state instanceof AzureError) {
        pauseMs = state.retryAfterMs ?? defaultPauseMs;
        continue;
      }
      if (state.state === 'succeeded') return;
      if (state.state === 'failed') throw state.error;
      if (state.state === 'unknown') throw forgotten();
      options.onRunning?.();
      pauseMs = state.retryAfterMs;
    }
  }

  /** What a look came to; an error where it passes by itself. */
  async #looked(operation: Operation, call: Call): Promise<OperationState | AzureError> {
    try {
      return await this.poll(operation, call);
    } catch (error) {
      if (error instanceof AzureError && error.retry === 'soon') return error;
      throw error;
    }
  }
}

/** Of a Location, these tell of the operation and not of the look. */
const tellsOfOperation: ReadonlySet<number> = new Set([400, 409, 412, 422]);

function byBody(
  status: number,
  body: unknown,
  running: OperationState,
  context: Parameters<typeof classify>[1],
): OperationState {
  const object = objectOf(body);
  const state = textOf(object?.['status']) ?? textOf(objectOf(object?.['properties'])?.['provisioningState']) ?? '';
  if (/^succeeded$/i.test(state)) return { state: 'succeeded' };
  if (/^failed$/i.test(state)) return { state: 'failed', error: classify({ status: undefined, body }, context) };
  if (/^cancell?ed$/i.test(state)) return { state: 'failed', error: cancelled() };
  if (state !== '') return running;
  if (status === 202) return running;
  return status === 204 ? { state: 'succeeded' } : { state: 'unknown' };
}

function address(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function cancelled(): AzureError {
  return new AzureError('OperationFailed', {
    message: 'the operation was cancelled at Azure, by a person or by a later operation',
    remedy: 'begin it again',
    retry: 'later',
    azureCode: 'Canceled',
  });
}

function late(deadlineMs: number): AzureError {
  return new AzureError('TimedOut', {
    message: `the operation is still under way after ${Math.round(deadlineMs / 1000)} s`,
    remedy: 'it goes on at Azure; look again later',
    retry: 'soon',
  });
}

function forgotten(): AzureError {
  return new AzureError('OperationFailed', {
    message: 'Azure does not know the operation any more',
    remedy: 'look at the resource itself, and begin again where it is not as wanted',
    retry: 'later',
  });
}
