import type { Client } from '../client/client.ts';
import type { Election } from './election.ts';
import { LeadershipLostError } from './term.ts';
import type { Term } from './term.ts';

/**
 * The client for leader's work: reads pass, writes reject with a `LeadershipLostError` unless this process leads at that moment, are given
 * up when the term ends, and last no longer than until another may lead.
 */
export function leaderGuard(client: Client, election: Pick<Election, 'term' | 'name'>): Client {
  function term(): Term {
    const current = election.term;
    if (current?.valid !== true) {
      throw new LeadershipLostError(
        `not the leader of ${election.name}: a write was refused; the next leader makes it`,
      );
    }
    return current;
  }

  function guarded<O extends { readonly signal?: AbortSignal; readonly timeoutMs?: number }>(options: O): O {
    const current = term();
    const signal = options.signal === undefined ? current.signal : AbortSignal.any([options.signal, current.signal]);
    return { ...options, signal, timeoutMs: Math.min(options.timeoutMs ?? 30_000, current.writeMs) };
  }

  return {
    get: (resource, ref, options) => client.get(resource, ref, options),
    list: (resource, options) => client.list(resource, options),
    watch: (resource, options) => client.watch(resource, options),
    create: async (resource, object, options = {}) => await client.create(resource, object, guarded(options)),
    replace: async (resource, object, options = {}) => await client.replace(resource, object, guarded(options)),
    patch: async (resource, ref, patch, options = {}) => await client.patch(resource, ref, patch, guarded(options)),
    apply: async (resource, object, options) => await client.apply(resource, object, guarded(options)),
    delete: async (resource, ref, options = {}) => await client.delete(resource, ref, guarded(options)),
    deleteCollection: async (resource, options) => await client.deleteCollection(resource, guarded(options)),
    raw: async (method, path, body, options = {}) =>
      await client.raw(method, path, body, method === 'GET' || method === 'HEAD' ? options : guarded(options)),
    close: () => client.close(),
  };
}
