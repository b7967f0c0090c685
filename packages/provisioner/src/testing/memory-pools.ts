import {
  type AgentPool,
  type AgentPoolProperties,
  type AgentPools,
  AzureError,
  type AzureErrorCode,
  type AzureErrorDetails,
  type Operation,
  type OperationState,
} from '@kaito/azure';

/** One call to the pools, e.g. `create ws0a1b2c3d4`. */
export type PoolCall = (call: string, send: () => Promise<unknown>) => Promise<unknown>;

interface Running {
  readonly kind: 'create' | 'delete';
  readonly name: string;
  left: number;
  readonly error: AzureError | undefined;
}

/** An error as `@kaito/azure` makes it. */
export function azureError(code: AzureErrorCode, details: Partial<AzureErrorDetails> = {}): AzureError {
  return new AzureError(code, { message: `Azure says ${code}`, remedy: `az mend ${code}`, retry: 'later', ...details });
}

/** The agent pools of a cluster that is not there, behind the contract of `AgentPools`: operations take their time, take turns, and may fail. */
export class MemoryPools implements AgentPools {
  readonly pools = new Map<string, AgentPool>();
  /** Without polls. */
  readonly calls: string[] = [];
  polls = 0;
  /** Looks at an operation until it is over. */
  looks = 1;
  retryAfterMs = 1_000;
  /** Operations at once; more are answered `OperationInProgress`. */
  parallel = Infinity;
  /** Stands around every call. */
  intercept: PoolCall = (_, send) => send();
  /** Refuses a creation at once. */
  refuse: (name: string, properties: AgentPoolProperties) => AzureError | undefined = () => undefined;
  /** Lets a creation fail late: the pool is there, Failed. */
  fail: (name: string, properties: AgentPoolProperties) => AzureError | undefined = () => undefined;
  /** A machine has come, or gone. */
  onMachine: (pool: AgentPool, there: boolean) => Promise<void> = () => Promise.resolve();
  mostRunning = 0;
  readonly #running = new Map<string, Running>();
  #count = 0;

  /** A pool that was there before. */
  put(name: string, properties: AgentPoolProperties): AgentPool {
    const pool = this.#stored(name, { provisioningState: 'Succeeded', ...properties });
    return pool;
  }

  async get(name: string): Promise<AgentPool | undefined> {
    return await this.#call('get', name, async () => {
      const running = [...this.#running].find(([, each]) => each.name === name);
      if (running !== undefined) await this.#pass(running[0], running[1]);
      return this.pools.get(name);
    });
  }

  async list(): Promise<readonly AgentPool[]> {
    return await this.#call('list', '', () => Promise.resolve([...this.pools.values()]));
  }

  async create(name: string, properties: AgentPoolProperties) {
    return await this.#call('create', name, () => {
      if (this.pools.has(name)) throw azureError('PreconditionFailed', { retry: 'never' });
      const refusal = this.refuse(name, properties);
      if (refusal !== undefined) throw refusal;
      const error = this.fail(name, properties);
      const operation = this.#begin({ kind: 'create', name, left: this.looks, error });
      const pool = this.#stored(name, { ...properties, provisioningState: 'Creating' });
      return Promise.resolve({ pool, operation });
    });
  }

  async delete(name: string, { etag }: { readonly etag?: string } = {}): Promise<Operation | 'gone' | undefined> {
    return await this.#call('delete', name, (): Promise<Operation | 'gone'> => {
      const pool = this.pools.get(name);
      if (pool === undefined) return Promise.resolve('gone');
      if (etag !== undefined && etag !== pool.etag) throw azureError('PreconditionFailed', { retry: 'never' });
      const operation = this.#begin({ kind: 'delete', name, left: this.looks, error: undefined });
      this.#stored(name, { ...pool.properties, provisioningState: 'Deleting' });
      return Promise.resolve(operation);
    });
  }

  async poll({ url }: Operation): Promise<OperationState> {
    this.polls += 1;
    return (await this.intercept('poll', async () => {
      const running = this.#running.get(url);
      if (running === undefined) return { state: 'unknown' } as const;
      const state = await this.#pass(url, running);
      return state;
    })) as OperationState;
  }

  async #call<R>(verb: string, name: string, send: () => Promise<R>): Promise<R> {
    const call = `${verb} ${name}`.trim();
    this.calls.push(call);
    return (await this.intercept(call, send)) as R;
  }

  #begin(running: Running): Operation {
    const same = [...this.#running.values()].some(({ name }) => name === running.name);
    if (same || this.#running.size >= this.parallel) {
      throw azureError('OperationInProgress', { retry: 'soon', retryAfterMs: this.retryAfterMs });
    }
    this.#count += 1;
    const url = `https://azure.example/operations/${this.#count}`;
    this.#running.set(url, running);
    this.mostRunning = Math.max(this.mostRunning, this.#running.size);
    return { url, kind: 'azure-async-operation', retryAfterMs: this.retryAfterMs };
  }

  async #pass(url: string, running: Running): Promise<OperationState> {
    const { kind, name, error } = running;
    running.left -= 1;
    if (running.left >= 0) return { state: 'running', retryAfterMs: this.retryAfterMs };
    this.#running.delete(url);
    const pool = this.pools.get(name)!;
    if (kind === 'delete') {
      this.pools.delete(name);
      await this.onMachine(pool, false);
      return { state: 'succeeded' };
    }
    if (error !== undefined) {
      this.#stored(name, { ...pool.properties, provisioningState: 'Failed' });
      return { state: 'failed', error };
    }
    const ready = { ...pool.properties, provisioningState: 'Succeeded', nodeImageVersion: 'AKSUbuntu-2204gen2' };
    await this.onMachine(this.#stored(name, ready), true);
    return { state: 'succeeded' };
  }

  #stored(name: string, properties: AgentPoolProperties): AgentPool {
    this.#count += 1;
    const pool = { id: `/agentPools/${name}`, name, properties, etag: `etag-${this.#count}` };
    this.pools.set(name, pool);
    return pool;
  }
}
