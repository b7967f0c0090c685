import { writeFile } from 'node:fs/promises';
import { adoptAnnotation } from '@kaito/api';
import type { ManagedCluster } from '@kaito/azure';
import { deployments, isNotFound, type Live, secrets, validatingWebhookConfigurations } from '@kaito/kube';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { stringify } from 'yaml';
import type { Cluster } from '../../cluster/connect.ts';
import { titleOfLive } from '../../cluster/lookup.ts';
import { workspaces } from '../../cluster/resources.ts';
import { failure } from '../../failure.ts';
import { lineOf, quoted } from '../command-line.ts';
import type { Programs } from '../programs.ts';
import { resourceGroupOf } from '../resource-id.ts';
import type { Step } from '../steps/step.ts';
import type { Inventory, Neighbour } from './find.ts';

export interface TakeOverTools {
  readonly cluster: Cluster;
  readonly managed: ManagedCluster;
  readonly programs: Programs;
  /** Where the copy of what people wrote is put. */
  readonly backupFile: string;
}

/**
 * Makes this KAITO the only one: what people wrote is copied to a file, Workspaces are marked to be adopted, and the others are stopped. No
 * NodeClaim, agent pool, node or pod is touched.
 */
export function takeOverSteps(inventory: Inventory, tools: TakeOverTools): readonly Step[] {
  return [
    ...backupSteps(inventory, tools),
    ...adoptionSteps(inventory, tools),
    ...addOnSteps(inventory, tools),
    ...inventory.neighbours.flatMap((neighbour) => neighbourSteps(neighbour, tools)),
    ...webhookSteps(inventory, tools),
  ];
}

function backupSteps(
  { workspaces: all, claims, neighbours }: Inventory,
  { backupFile, managed }: TakeOverTools,
): readonly Step[] {
  if (all.length + claims.length === 0 || (neighbours.length === 0 && !managed.aiToolchainOperator)) return [];
  return [
    {
      name: 'backup',
      state: 'todo',
      says: `copy all Workspaces (${all.length}) and NodeClaims (${claims.length}) to ${backupFile}`,
      commands: [`kubectl get workspaces.kaito.sh,nodeclaims.karpenter.sh -A -o yaml > ${quoted(backupFile)}`],
      run: async () => {
        await writeFile(
          backupFile,
          [...all, ...claims].map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join(''),
          { mode: 0o600 },
        );
        return `copied all Workspaces (${all.length}) and NodeClaims (${claims.length}) to ${backupFile}`;
      },
    },
  ];
}

function adoptionSteps({ workspaces: all }: Inventory, { cluster }: TakeOverTools): readonly Step[] {
  if (all.length === 0) return [];
  const unmarked = all.filter(({ metadata }) => metadata.annotations?.[adoptAnnotation] !== 'true');
  const names = (of: typeof all) => of.map(titleOfLive).join(', ');
  if (unmarked.length === 0)
    return [
      {
        name: 'adoption',
        state: 'already',
        says: `all Workspaces are marked to be adopted: ${names(all)}`,
        commands: [],
      },
    ];
  return [
    {
      name: 'adoption',
      state: 'todo',
      says: `mark these Workspaces to be adopted as they are: ${names(unmarked)}`,
      commands: unmarked.map(
        ({ metadata: { name = '', namespace = '' } }) =>
          `kubectl annotate workspaces.kaito.sh ${name} -n ${namespace} ${adoptAnnotation}=true`,
      ),
      run: async () => {
        const patch = { type: 'merge', body: { metadata: { annotations: { [adoptAnnotation]: 'true' } } } } as const;
        for (const { metadata } of unmarked)
          await cluster.client.patch(
            workspaces,
            { name: metadata.name ?? '', namespace: metadata.namespace ?? '' },
            patch,
          );
        return `marked to be adopted: ${names(unmarked)}`;
      },
    },
  ];
}

function addOnSteps(inventory: Inventory, tools: TakeOverTools): readonly Step[] {
  const { managed, programs } = tools;
  if (!managed.aiToolchainOperator) return [];
  const words = [
    'az',
    'aks',
    'update',
    '-g',
    resourceGroupOf(managed.id),
    '-n',
    managed.name,
    '--subscription',
    managed.id.split('/')[2] ?? '',
    '--disable-ai-toolchain-operator',
    '-o',
    'none',
  ];
  return [
    {
      name: 'add-on',
      state: programs.has('az') ? 'todo' : 'by hand',
      says: "switch AKS' managed add-on off; it takes some minutes",
      commands: [lineOf(words)],
      warning:
        'the identity that AKS made for it goes with it; that all Workspaces stay is checked before anything is installed',
      run: async () => {
        await programs.run(words);
        await requireWorkspaces(inventory, tools);
        return "switched AKS' managed add-on off";
      },
    },
  ];
}

function neighbourSteps({ release, deployments: its }: Neighbour, tools: TakeOverTools): readonly Step[] {
  // The add-on's own Deployments go with it.
  if (
    tools.managed.aiToolchainOperator &&
    its.every(({ metadata }) => metadata.labels?.['app'] === 'ai-toolchain-operator')
  )
    return [];
  if (release === undefined) return [stopStep(its, tools)];
  const { name, namespace, ownsCrds } = release;
  if (ownsCrds) return [stopStep(its, tools), forgetStep(release, tools)];
  const words = ['helm', 'uninstall', name, '-n', namespace, '--wait'];
  return [
    {
      name: 'other operator',
      state: tools.programs.has('helm') ? 'todo' : 'by hand',
      says: `uninstall the Helm release ${name} of namespace ${namespace}; its CRDs are not among what Helm deletes`,
      commands: [lineOf(words)],
      run: async () => {
        await tools.programs.run(words);
        return `uninstalled the Helm release ${name}`;
      },
    },
  ];
}

function stopStep(its: readonly Live<Deployment>[], { cluster }: TakeOverTools): Step {
  const named = its.map(({ metadata: { name = '', namespace = '' } }) => ({ name, namespace }));
  const running = its.some(({ spec }) => (spec?.replicas ?? 1) > 0);
  const which = named.map(({ name, namespace }) => `Deployment ${name} in namespace ${namespace}`).join(', ');
  return {
    name: 'other operator',
    state: running ? 'todo' : 'already',
    says: running ? `stop ${which}` : `${which} is stopped`,
    commands: named.map(({ name, namespace }) => `kubectl scale deployment ${name} -n ${namespace} --replicas=0`),
    run: async () => {
      for (const ref of named)
        await cluster.client.patch(deployments, ref, { type: 'merge', body: { spec: { replicas: 0 } } });
      return `stopped ${which}`;
    },
  };
}

/** KAITO's Go charts carry the CRDs among their templates: `helm uninstall` would delete them, and with them every Workspace and its machines. */
function forgetStep(
  { name, namespace }: { readonly name: string; readonly namespace: string },
  { cluster }: TakeOverTools,
): Step {
  const labelSelector = `owner=helm,name=${name}`;
  return {
    name: 'helm release',
    state: 'todo',
    says: `let Helm forget the release ${name} of namespace ${namespace}: uninstalling it would delete its CRDs, and with them every Workspace and its machines`,
    commands: [`kubectl delete secret -n ${namespace} -l ${labelSelector}`],
    run: async () => {
      const { items } = await cluster.client.list(secrets, { namespace, labelSelector });
      for (const { metadata } of items) await cluster.client.delete(secrets, { namespace, name: metadata.name ?? '' });
      return `Helm has forgotten the release ${name}; its CRDs and what was made of them are there`;
    },
  };
}

function webhookSteps({ webhooks }: Inventory, { cluster, managed }: TakeOverTools): readonly Step[] {
  if (webhooks.length === 0 || managed.aiToolchainOperator) return [];
  return [
    {
      name: 'other webhook',
      state: 'todo',
      says: `delete the webhook by which the other KAITO admits Workspaces: ${webhooks.join(', ')}`,
      commands: [`kubectl delete validatingwebhookconfiguration ${webhooks.join(' ')} --ignore-not-found`],
      run: async () => {
        for (const name of webhooks)
          await cluster.client.delete(validatingWebhookConfigurations, { name }).catch((error: unknown) => {
            if (!isNotFound(error)) throw error;
          });
        return `deleted the webhook ${webhooks.join(', ')}`;
      },
    },
  ];
}

/** AKS decides what goes with its add-on; that the Workspaces are still there is seen before anything of ours is installed. */
async function requireWorkspaces(
  { workspaces: before }: Inventory,
  { cluster, backupFile }: TakeOverTools,
): Promise<void> {
  if (before.length === 0) return;
  const { items } = await cluster.client.list(workspaces).catch((error: unknown) => {
    if (isNotFound(error)) return { items: [] };
    throw error;
  });
  const there = new Set(
    items.filter(({ metadata }) => metadata.deletionTimestamp == null).map(({ metadata }) => metadata.uid),
  );
  const gone = before.filter(({ metadata }) => !there.has(metadata.uid));
  if (gone.length === 0) return;
  throw failure(
    'WorkspacesGone',
    `Workspaces went with the add-on: ${gone.map(titleOfLive).join(', ')}.`,
    `Their machines may still cost: az aks nodepool list. Install KAITO (kaito azure setup), then bring the Workspaces back: kubectl apply -f ${quoted(backupFile)}`,
  );
}
