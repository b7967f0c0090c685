import type { ApiCall, Intercept } from '../client/call.ts';
import { ConnectionError } from '../client/errors.ts';

/** Cut off at its `at`-th call: before anybody hears of it, or after it was done and before the answer comes. */
export interface CutPoint {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** A process's ways out, which can be cut at one call; from then on nothing comes through. */
export interface Cut {
  readonly intercept: Intercept;
  /** Another way out than to the API server. @param lost what its caller gets once the way is cut */
  pass<R>(name: string, send: () => Promise<R>, lost: () => Error): Promise<R>;
  /** The calls since `arm`, e.g. `POST /api/v1/namespaces/x/services`. */
  readonly calls: readonly string[];
  /** The call at which it was cut; undefined before. */
  readonly at: string | undefined;
  /** Calls count from now on. @param point undefined: they are only counted. @returns resolves with the call at which it was cut. */
  arm(point?: CutPoint): Promise<string>;
}

/** Watches and lists are no calls: they only read, and go on by themselves. */
function counts({ verb }: ApiCall): boolean {
  return verb !== 'watch' && verb !== 'list';
}

export function createCut(): Cut {
  const cut = Promise.withResolvers<string>();
  let calls: string[] = [];
  let point: CutPoint | undefined;
  let at: string | undefined;

  async function pass<R>(name: string, send: () => Promise<R>, lost: () => Error): Promise<R> {
    if (at !== undefined) throw lost();
    calls.push(name);
    if (calls.length !== point?.at) return await send();
    at = name;
    try {
      if (point.when === 'after') await send();
    } finally {
      cut.resolve(name);
    }
    throw lost();
  }

  return {
    pass,
    get calls() {
      return calls;
    },
    get at() {
      return at;
    },
    arm(next) {
      calls = [];
      point = next;
      return cut.promise;
    },
    async intercept(call, send) {
      if (at === undefined && !counts(call)) return await send();
      return await pass(`${call.method} ${call.path.replace(/\?.*/, '')}`, send, unreachable);
    },
  };
}

function unreachable(): ConnectionError {
  return new ConnectionError('the connection is cut');
}
