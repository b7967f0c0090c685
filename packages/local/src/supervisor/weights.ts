import type { Fault, PhaseEvidence } from '@kaito/diagnosis';
import type { WeightsOptions, WeightsRequest, WeightsResult } from '@kaito/weights';
import { maxWeightsAttempts, restartDelayMs } from './timing.ts';

export type FetchWeights = (request: WeightsRequest, options: WeightsOptions) => Promise<WeightsResult>;

/** Failures that may pass by themselves. */
const passing: ReadonlySet<string> = new Set(['NetworkUnreachable', 'ServerError', 'TooManyRequests']);

function oneSentence(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}

/** Any error of a fetch as a fault. `NoSourceWorked` may pass where one of its sources may. */
export function weightsFault(error: unknown, at: Date): Fault {
  const fields: Record<string, unknown> = error instanceof Error ? { ...error } : {};
  const { code, remedy, attempts } = fields;
  const codes = [code, ...(Array.isArray(attempts) ? attempts.map((attempt: { code?: unknown }) => attempt.code) : [])];
  return {
    code: typeof code === 'string' ? code : 'WeightsFailed',
    message: oneSentence(error instanceof Error ? error.message : String(error)),
    ...(typeof remedy === 'string' && { remedy: oneSentence(remedy) }),
    kind: codes.some((each) => typeof each === 'string' && passing.has(each)) ? 'transient' : 'terminal',
    at: at.toISOString(),
  };
}

export interface WeightsTask {
  readonly fetchWeights: FetchWeights;
  readonly cacheDirectory: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onProgress: (progress: NonNullable<PhaseEvidence['progress']>) => void;
  readonly onFault: (fault: Fault | undefined) => void;
}

/**
 * Fetches one file, again with growing pauses while the failure may pass by itself, four times at most.
 * Returns undefined when it failed for good; the last fault, then terminal, says why. Throws only when the signal was aborted.
 */
export async function getWeights(request: WeightsRequest, task: WeightsTask): Promise<WeightsResult | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const result = await task.fetchWeights(request, {
        cacheDirectory: task.cacheDirectory,
        signal: task.signal,
        onProgress: ({ doneBytes, totalBytes, bytesPerSecond }) => {
          task.onFault(undefined);
          task.onProgress({
            doneBytes,
            ...(totalBytes !== undefined && { totalBytes }),
            ...(bytesPerSecond !== undefined && { bytesPerSecond }),
          });
        },
      });
      task.onFault(undefined);
      return result;
    } catch (error) {
      task.signal.throwIfAborted();
      const fault = weightsFault(error, task.now());
      if (fault.kind === 'terminal' || attempt >= maxWeightsAttempts) {
        task.onFault({ ...fault, kind: 'terminal' });
        return undefined;
      }
      task.onFault(fault);
      await task.sleep(restartDelayMs(attempt + 1), task.signal);
    }
  }
}
