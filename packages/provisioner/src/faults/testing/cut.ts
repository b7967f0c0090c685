import { type AgentPools, AzureError } from '@kaito/azure';
import { type ApiCall, ConnectionError, type Intercept } from '@kaito/kube';

/** Cut off at its `at`-th call: before anybody hears of it, or after it was done and before the answer comes. */
export interface CutPoint {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** A process's ways to the API server and to Azure, which can be cut at one call; from then on nothing comes through. */
export interface Cut {
  readonly intercept: Intercept;
  /** The pools as this process reaches them. */
  pools(of: AgentPools): AgentPools;
  /** The calls since `arm`, e.g. `PATCH /apis/karpenter.sh/v1/nodeclaims/ws1`, `azure create ws1`. */
  readonly calls: readonly string[];
  /** The call at which it was cut; undefined before. */
  readonly at: string | undefined;
  /** Calls count from now on. @param point undefined: they are only counted. @returns resolves with the call at which it was cut. */
  arm(point?: CutPoint): Promise<string>;
}

/** Watches and lists only read, and go on by themselves. */
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
    pools: (of) => ({
      list: (call) => pass('azure list', () => of.list(call), noAnswer),
      get: (name, call) => pass(`azure get ${name}`, () => of.get(name, call), noAnswer),
      create: (name, properties, call) =>
        pass(`azure create ${name}`, () => of.create(name, properties, call), noAnswer),
      delete: (name, call) => pass(`azure delete ${name}`, () => of.delete(name, call), noAnswer),
      poll: (operation, call) => pass('azure poll', () => of.poll(operation, call), noAnswer),
    }),
  };
}

function unreachable(): ConnectionError {
  return new ConnectionError('the connection is cut');
}

function noAnswer(): AzureError {
  return new AzureError('NetworkUnreachable', { message: 'the connection is cut', remedy: 'wait', retry: 'soon' });
}
