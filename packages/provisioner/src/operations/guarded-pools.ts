import type { AgentPools } from '@kaito/azure';
import { type Election, LeadershipLostError } from '@kaito/kube';

/** Agent pools for leader's work: reads pass, a create or delete is refused unless this process leads at that moment, and given up at the end of its term. */
export function guardedPools(pools: AgentPools, election: Pick<Election, 'term' | 'name'>): AgentPools {
  const guarded = <C extends { readonly signal?: AbortSignal }>(call: C): C => {
    const { term } = election;
    if (term?.valid !== true) {
      throw new LeadershipLostError(`not the leader of ${election.name}: a change of an agent pool was refused`);
    }
    return { ...call, signal: call.signal === undefined ? term.signal : AbortSignal.any([call.signal, term.signal]) };
  };
  return {
    get: (name, call) => pools.get(name, call),
    list: (call) => pools.list(call),
    poll: (operation, call) => pools.poll(operation, call),
    create: async (name, properties, call = {}) => await pools.create(name, properties, guarded(call)),
    delete: async (name, call = {}) => await pools.delete(name, guarded(call)),
  };
}
