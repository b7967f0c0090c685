import { type AgentPools, AzureError } from '@kaito/azure';
import type { Cut } from '@kaito/kube/testing';

/** Agent pools as a process reaches them whose ways out can be cut; their calls are named e.g. `azure create ws1`. */
export function cutPools({ pass }: Cut, of: AgentPools): AgentPools {
  return {
    list: (call) => pass('azure list', () => of.list(call), noAnswer),
    get: (name, call) => pass(`azure get ${name}`, () => of.get(name, call), noAnswer),
    create: (name, properties, call) => pass(`azure create ${name}`, () => of.create(name, properties, call), noAnswer),
    delete: (name, call) => pass(`azure delete ${name}`, () => of.delete(name, call), noAnswer),
    poll: (operation, call) => pass('azure poll', () => of.poll(operation, call), noAnswer),
  };
}

function noAnswer(): AzureError {
  return new AzureError('NetworkUnreachable', { message: 'the connection is cut', remedy: 'wait', retry: 'soon' });
}
