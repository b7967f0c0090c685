import type { Workspace } from '@kaito/api';
import { type KubeObject, keyOf, resource } from '@kaito/kube';
import { MemoryClient } from '@kaito/kube/testing';
import { type Caches, type Live, indexes } from '../../../../cache/caches.ts';

export const workspaces = resource<Live<Workspace>>({ group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' });

/** A store that holds what it is given, with the one index by label that the status needs. */
function store(objects: readonly KubeObject[], available = true) {
  const held = new Map(objects.map((object) => [keyOf(object), object]));
  return {
    resource: workspaces,
    available,
    get: (ref: { readonly name: string; readonly namespace?: string } | string) =>
      held.get(typeof ref === 'string' ? ref : keyOf(ref)),
    byIndex: (name: string, value: string) => {
      if (name !== indexes.workspace) throw new RangeError(name);
      return [...held.values()].filter(({ metadata }) => `${metadata.namespace}/demo` === value);
    },
    list: () => [...held.values()],
    remember: (object: KubeObject) => void held.set(keyOf(object), object),
  };
}

export interface World {
  readonly workspaces?: readonly KubeObject[];
  readonly nodes?: readonly KubeObject[];
  /** Undefined: not installed. */
  readonly nodeClaims?: readonly KubeObject[] | undefined;
  readonly pods?: readonly KubeObject[];
  readonly provisioners?: readonly KubeObject[];
  readonly services?: readonly KubeObject[];
  readonly deployments?: readonly KubeObject[];
  readonly statefulSets?: readonly KubeObject[];
}

/** Caches that hold these objects, all of the Workspace `team/demo`. */
export function cachesOf(world: World): Caches {
  return {
    workspaces: store(world.workspaces ?? []),
    nodes: store(world.nodes ?? []),
    nodeClaims: store(world.nodeClaims ?? [], !('nodeClaims' in world) || world.nodeClaims !== undefined),
    pods: store(world.pods ?? []),
    provisioners: store(world.provisioners ?? []),
    services: store(world.services ?? []),
    deployments: store(world.deployments ?? []),
    statefulSets: store(world.statefulSets ?? []),
    revisions: store([]),
  } as unknown as Caches;
}

/** An API server that holds the Workspace, and a cache of it. */
export async function served(workspace: Live<Workspace>, world: World = {}) {
  const client = new MemoryClient();
  const { uid: _uid, resourceVersion: _version, ...metadata } = workspace.metadata;
  const created = await client.create(workspaces, { ...workspace, metadata } as Live<Workspace>);
  client.calls.length = 0;
  const caches = cachesOf({ ...world, workspaces: [created] });
  return { client, caches, workspace: created };
}
