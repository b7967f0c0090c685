import type { RootCause } from '../assessment.ts';
import type { ProcessExit } from '../evidence.ts';
import { formatBytes, formatSeconds } from '../measure.ts';
import { type Policy, type View, kaito, lookCloser } from './policy.ts';

interface Ending {
  readonly code: string;
  /** A clause with the server as its subject: `was killed (SIGKILL), …`. */
  readonly what: string;
  readonly remedy: string;
}

/** The server's last lines in one line, newest last, cut to what fits in a sentence. */
export function lastWords(exit: ProcessExit): string {
  const text = exit.lastLines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-2)
    .join(' | ');
  return text.length > 240 ? `…${text.slice(-239)}` : text;
}

function explain(view: View, exit: ProcessExit): Ending {
  if (exit.signal !== null) return explainSignal(view, exit.signal);
  const again = `, then: kaito up -f <manifest>`;
  switch (exit.code) {
    case null:
      return { code: 'ServerEnded', what: 'ended unseen', remedy: lookCloser(view) };
    case 0:
      return { code: 'ServerEnded', what: 'ended by itself without an error', remedy: lookCloser(view) };
    case 2:
      return { code: 'ServerFlagsInvalid', what: 'refused its command line (exit code 2)', remedy: lookCloser(view) };
    case 3:
      return {
        code: 'ModelInvalid',
        what: 'could not load the model file (exit code 3)',
        remedy: `check the file, which may be damaged or of a kind that this build does not know; ${lookCloser(view)}`,
      };
    case 4:
      return {
        code: 'PortInUse',
        what: 'found its port taken (exit code 4)',
        remedy: `free the port or leave the choice to kaito${again}`,
      };
    default:
      return { code: 'ServerCrashed', what: `crashed (exit code ${exit.code})`, remedy: lookCloser(view) };
  }
}

function explainSignal(view: View, signal: string): Ending {
  switch (signal) {
    case 'SIGKILL': {
      const needed = view.plan.memory?.requiredBytes;
      const account = needed === undefined ? '' : `; the Plan needs ${formatBytes(needed)}`;
      return {
        code: 'OutOfMemorySuspected',
        what: `was killed (SIGKILL), most likely because the machine ran out of memory${account}`,
        remedy: 'free memory, or ask for a shorter context or a smaller quantisation: kaito plan -f <manifest>',
      };
    }
    case 'SIGILL':
      return {
        code: 'ProcessorNotSupported',
        what: 'used an instruction that this processor lacks (SIGILL)',
        remedy: 'see what this machine offers: kaito doctor',
      };
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
      return {
        code: 'ServerStopped',
        what: `was stopped by somebody else (${signal})`,
        remedy: `to stop it for good: ${kaito(view, 'down')}`,
      };
    default:
      return { code: 'ServerCrashed', what: `crashed (${signal})`, remedy: lookCloser(view) };
  }
}

function withLastWords(sentence: string, exit: ProcessExit): string {
  const words = lastWords(exit);
  return words === '' ? sentence : `${sentence}; its last lines: ${words}`;
}

/** The supervisor gave up: the server ended too often, or in a way that starting it again cannot mend. */
export const crashLoop: Policy = (view) => {
  const process = view.evidence.process;
  if (process?.gaveUp !== true) return undefined;
  const exit = process.lastExit;
  if (exit === undefined) {
    return { code: 'CrashLoop', message: 'the server does not stay up', needs: 'person', remedy: lookCloser(view) };
  }
  const ending = explain(view, exit);
  const times = process.restarts > 0 ? ` after ${process.restarts} restart${process.restarts === 1 ? '' : 's'}` : '';
  return {
    code: process.restarts > 0 && ending.code === 'ServerCrashed' ? 'CrashLoop' : ending.code,
    message: withLastWords(`the server ${ending.what}, and is not started again${times}`, exit),
    needs: 'person',
    remedy: ending.remedy,
  };
};

/** The server ended unasked and is being started again, or loads again after that. */
export const serverCrashed: Policy = (view): RootCause | undefined => {
  const process = view.evidence.process;
  const exit = process?.lastExit;
  if (process === undefined || exit === undefined || process.readiness === 'ready') return undefined;
  const ending = explain(view, exit);
  const left = process.nextStartAt === undefined ? 0 : (Date.parse(process.nextStartAt) - view.now.getTime()) / 1000;
  const next =
    process.pid !== undefined
      ? 'it was started again and loads the model'
      : `it is started again ${left >= 1 ? `in ${formatSeconds(left)}` : 'now'}`;
  return {
    code: ending.code,
    message: withLastWords(`the server ${ending.what}; ${next}`, exit),
    needs: 'time',
    remedy: ending.remedy,
  };
};
