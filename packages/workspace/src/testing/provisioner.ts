import { gpuResource, instanceTypeLabel, type NodeClaim, terminationFinalizer, timestamp } from '@kaito/api';
import { findMachine, loadCatalog } from '@kaito/catalog';
import {
  type Client,
  type Clock,
  createController,
  createInformer,
  ensureFinalizer,
  isAlreadyExists,
  isNotFound,
  itself,
  type KubeObject,
  type Logger,
  nodes,
  removeFinalizer,
  source,
} from '@kaito/kube';
import type { Live } from '../cache/caches.ts';
import { nodeClaims } from '../cache/resources.ts';

export interface ProvisionerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The reason and message of a claim that is never launched; undefined: it is launched. */
  readonly refuse?: (claim: NodeClaim) => { readonly reason: string; readonly message: string } | undefined;
  /** The node offers no GPU, as before its device plugin runs. */
  readonly withoutPlugin?: boolean;
  /** The node says by itself that it is Ready: nothing simulates its kubelet. */
  readonly readyAtOnce?: boolean;
}

/** Fulfils NodeClaims with simulated nodes, as a provisioner would, at once; takes the node away with its claim. Runs until the signal aborts. */
export async function runProvisioner(options: ProvisionerOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, logger } = options;
  const claims = createInformer({ client, clock, logger, resource: nodeClaims, optional: true });
  const controller = createController({
    name: 'simulated-provisioner',
    sources: [source(claims, itself)],
    concurrency: 20,
    clock,
    logger,
    reconcile: async (key) => {
      const claim = claims.get(key);
      if (claim === undefined) return;
      if (claim.metadata.deletionTimestamp === undefined) claims.remember(await fulfil(claim, options));
      else await release(claim, client);
    },
  });
  await Promise.all([claims.run(signal), controller.run(signal)]);
}

async function fulfil(found: Live<NodeClaim>, options: ProvisionerOptions): Promise<Live<NodeClaim>> {
  const { client, clock } = options;
  const refusal = options.refuse?.(found);
  const ready = found.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready === 'True' || (ready !== undefined && refusal !== undefined)) return found;
  const claim = await ensureFinalizer(client, nodeClaims, found, terminationFinalizer);
  const name = claim.metadata.name!;
  const now = timestamp(clock.now());
  const condition = (type: string, status: 'True' | 'Unknown', reason = type, message = ''): object => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime: now,
  });
  const write = async (status: object): Promise<Live<NodeClaim>> =>
    await client.patch(nodeClaims, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
  if (refusal !== undefined) {
    return await write({
      conditions: [
        condition('Launched', 'Unknown', refusal.reason, refusal.message),
        condition('Ready', 'Unknown', 'ReconcilingDependents'),
      ],
    });
  }
  const nodeName = `aks-${name}-12345678-vmss000000`;
  try {
    await client.create(nodes, nodeOf(claim, nodeName, options));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return await write({
    nodeName,
    providerID: `azure:///${nodeName}`,
    conditions: ['Launched', 'Registered', 'Initialized', 'Ready'].map((type) => condition(type, 'True')),
  });
}

function nodeOf(
  claim: Live<NodeClaim>,
  name: string,
  { clock, withoutPlugin, readyAtOnce }: ProvisionerOptions,
): Live<object> {
  const type = claim.spec.requirements.find(({ key }) => key === instanceTypeLabel)?.values?.[0] ?? '';
  const gpus = withoutPlugin === true ? 0 : (findMachine(loadCatalog(), type)?.gpu?.count ?? 0);
  const resources = {
    cpu: '64',
    memory: '512Gi',
    pods: '110',
    'ephemeral-storage': '2Ti',
    ...(gpus > 0 && { [gpuResource]: String(gpus) }),
  };
  const node: KubeObject & { readonly spec: object; readonly status: object } = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        ...claim.metadata.labels,
        [instanceTypeLabel]: type,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    spec: { taints: claim.spec.taints ?? [], providerID: `azure:///${name}` },
    status: {
      capacity: resources,
      allocatable: resources,
      ...(readyAtOnce === true && {
        conditions: [
          { type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime: timestamp(clock.now()) },
        ],
      }),
    },
  };
  return node;
}

async function release(claim: Live<NodeClaim>, client: Client): Promise<void> {
  const nodeName = claim.status?.nodeName;
  if (nodeName !== undefined) {
    try {
      await client.delete(nodes, { name: nodeName });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  await removeFinalizer(client, nodeClaims, claim, terminationFinalizer);
}
