import { randomUUID } from 'node:crypto';
import type { Clock, Logger } from '@kaito/kube';
import { ArmError } from '../errors/arm-error.ts';
import { resourceKey } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { OperationFaults } from './operation-faults.ts';
import type { Operations, StoredOperation } from './operations.ts';

/** The operations of one emulator, with what only its own calls need. */
export interface OperationQueue extends Operations {
  find(id: string): StoredOperation | undefined;
  list(): readonly StoredOperation[];
  /** Goes on with what was under way when the state was last written; resolves when the signal aborts and all has ended. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the operation has ended, or the signal aborts. */
  ended(id: string, signal: AbortSignal): Promise<void>;
  /** Ends an operation that was made to never end. */
  release(id: string): void;
  /** How long an operation takes at least, ms. */
  durationMs: number;
}

export interface OperationQueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: OperationFaults;
  readonly durationMs: number;
}

type Worker = Parameters<Operations['worker']>[1];
type Failed = NonNullable<Parameters<Operations['worker']>[2]>;

/** States of a resource in which nothing is under way. */
const settledStates = new Set(['Succeeded', 'Failed', 'Canceled']);

/** Each operation waits its time, then its worker carries it out; all is stored, so that `run` goes on where a killed process stopped. */
export function createOperationQueue(options: OperationQueueOptions): OperationQueue {
  const { store, clock, logger, faults } = options;
  const table = store.table<StoredOperation>('operations');
  const workers = new Map<string, { readonly work: Worker; readonly failed: Failed | undefined }>();
  const running = new Map<string, Promise<void>>();
  const releases = new Map<string, () => void>();
  let ending: AbortSignal | undefined;

  function end(operation: StoredOperation, error?: ArmError): void {
    table.put(operation.id, {
      ...operation,
      status: error === undefined ? 'Succeeded' : 'Failed',
      endTime: clock.now().toISOString(),
      ...(error !== undefined && { error: { code: error.code, message: error.message } }),
    });
  }

  /** @returns whether it was waited to the end */
  function pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const done = (whole: boolean): void => {
        cancel();
        signal.removeEventListener('abort', aborted);
        resolve(whole);
      };
      const aborted = (): void => done(false);
      const cancel = clock.after(ms, () => done(true));
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  function held(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      releases.set(id, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async function carryOut(operation: StoredOperation, signal: AbortSignal): Promise<void> {
    const worker = workers.get(operation.kind);
    if (worker === undefined) throw new Error(`nobody carries out ${operation.kind}`);
    const fault = faults.take(operation);
    if (!(await pause(queue.durationMs + (fault?.delayMs ?? 0), signal))) return;
    if (fault?.hang === true) await held(operation.id, signal);
    if (signal.aborted) return;
    try {
      const injected = fault?.error;
      if (injected === undefined || fault?.afterWork === true) await worker.work(operation, signal);
      if (injected !== undefined) throw new ArmError(409, injected.code, injected.message);
      if (!signal.aborted) end(operation);
    } catch (error) {
      // What is cut off here is carried out anew after the next start.
      if (signal.aborted) return;
      const failure =
        error instanceof ArmError
          ? error
          : new ArmError(500, 'InternalOperationError', 'An internal error occurred in the operation.');
      if (!(error instanceof ArmError)) logger.log('error', 'an operation failed by a defect', { operation, error });
      (worker.failed ?? markFailed)(operation, failure);
      end(operation, failure);
    }
  }

  const markFailed: Failed = ({ resourceId }) => {
    const resource = store.get(resourceId);
    const state = resource?.properties['provisioningState'];
    if (resource === undefined || typeof state !== 'string' || settledStates.has(state)) return;
    store.put({ ...resource, properties: { ...resource.properties, provisioningState: 'Failed' } });
  };

  function start(operation: StoredOperation): void {
    if (ending === undefined || ending.aborted) return;
    const work = carryOut(operation, ending)
      .catch((error: unknown) => {
        logger.log('error', 'an operation could not be carried out', { kind: operation.kind, error });
        end(operation, new ArmError(500, 'InternalOperationError', 'An internal error occurred in the operation.'));
      })
      .finally(() => running.delete(operation.id));
    running.set(operation.id, work);
  }

  const underWay = (): StoredOperation[] =>
    table
      .entries()
      .map(([, operation]) => operation)
      .filter(({ status }) => status === 'InProgress');

  const queue: OperationQueue = {
    durationMs: options.durationMs,
    worker(kind, work, failed) {
      workers.set(kind, { work, failed });
    },
    begin(given) {
      const operation: StoredOperation = {
        id: randomUUID(),
        status: 'InProgress',
        startTime: clock.now().toISOString(),
        ...given,
      };
      table.put(operation.id, operation);
      start(operation);
      return operation;
    },
    underWay(resourceId) {
      const key = resourceKey(resourceId);
      return underWay().filter((operation) => `${resourceKey(operation.resourceId)}/`.startsWith(`${key}/`));
    },
    find: (id) => table.get(id.toLowerCase()),
    list: () => table.entries().map(([, operation]) => operation),
    release: (id) => releases.get(id)?.(),
    async ended(id, signal) {
      await Promise.race([running.get(id), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    },
    async run(signal) {
      ending = signal;
      for (const operation of underWay()) start(operation);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await Promise.all(running.values());
    },
  };
  return queue;
}
