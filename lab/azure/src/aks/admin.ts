import { invalidParameter } from '../errors/request-errors.ts';
import { parentResourceNotFound } from '../errors/resource-errors.ts';
import type { JsonObject } from '../store/store.ts';
import type { AdminRoute, Emulator } from '../wire/service.ts';
import { type Kind, readFields } from './fields.ts';
import { clusterId, clusterOfPool, clusterType, groupId, poolId } from './names.ts';
import { type Behaviour, behaviourOf, setBehaviour } from './nodes/behaviour.ts';
import { machinesOf, removeMachine } from './nodes/machines.ts';
import { type Settings, changeSettings, settings } from './settings.ts';

const settingFields: Readonly<Record<keyof Settings, Kind>> = {
  serialised: 'boolean',
  poolsPerCluster: 'integer',
  gpuDelayMs: 'integer',
};

const behaviourFields: Readonly<Record<keyof Behaviour, Kind>> = {
  joins: 'string',
  gpus: 'boolean',
  ready: 'boolean',
  bootDelayMs: 'integer',
  downloadMbit: 'integer',
};

/** What only the lab has: AKS' own rules, and how machines behave. `converge` is called where nodes may have to change. */
export function adminRoutes(
  { store }: Pick<Emulator, 'store'>,
  converge: (clusterId: string) => Promise<void>,
): readonly AdminRoute[] {
  const convergeAll = async (): Promise<void> => {
    await Promise.all(store.list('', clusterType).map(({ id }) => converge(id)));
  };
  const behaviour = '/aks/behaviour/{pool}';
  return [
    { method: 'GET', path: '/aks/settings', handle: () => ({ ...settings(store) }) },
    {
      method: 'PUT',
      path: '/aks/settings',
      handle: (_, body) => ({ ...changeSettings(store, atLeastZero(readFields(body, settingFields))) }),
    },
    {
      method: 'GET',
      path: behaviour,
      handle: ({ pool }) => ({ ...behaviourOf(store, pool!) }),
    },
    {
      method: 'PUT',
      path: behaviour,
      async handle({ pool }, body) {
        const set: Partial<Behaviour> = atLeastZero(readFields(body, behaviourFields));
        if (set.joins !== undefined && !['once', 'never', 'twice'].includes(set.joins))
          throw invalidParameter('joins', 'It is once, never or twice.');
        setBehaviour(store, pool!, set);
        await convergeAll();
      },
    },
    {
      method: 'DELETE',
      path: behaviour,
      async handle({ pool }) {
        setBehaviour(store, pool!, undefined);
        await convergeAll();
      },
    },
    {
      // Azure takes the machines of a spot pool back; those of another end as by a failure.
      method: 'POST',
      path: '/aks/evict/{subscriptionId}/{resourceGroup}/{cluster}/{pool}',
      async handle({ subscriptionId, resourceGroup, cluster, pool }) {
        const id = poolId(clusterId(groupId(subscriptionId!, resourceGroup!), cluster!), pool!);
        if (store.get(id) === undefined) throw parentResourceNotFound('managedClusters/agentPools', id);
        const machines = machinesOf(store, id);
        for (const machine of machines) removeMachine(store, machine);
        await converge(clusterOfPool(id));
        return { machines: machines.map(({ name }) => name) };
      },
    },
  ];
}

function atLeastZero(fields: JsonObject): JsonObject {
  for (const [name, value] of Object.entries(fields))
    if (typeof value === 'number' && value < 0) throw invalidParameter(name, 'It is a whole number from 0 on.');
  return fields;
}
