import { findCondition, instanceTypeLabel, type NodeClaim } from '@kaito/api';
import { type Catalog, findMachine, loadCatalog } from '@kaito/catalog';
import { isNotFound, type Live, nodes } from '@kaito/kube';
import type { Node } from 'kubernetes-types/core/v1.js';
import type { Check } from '../../doctor/check.ts';
import { duration } from '../../terminal/quantity.ts';
import type { Cluster } from '../connect.ts';
import { gpusOf, isReadyNode } from '../nodes.ts';
import { nodeClaims } from '../resources.ts';
import { asCheck, some } from './finding.ts';

/** A provisioner has taken a NodeClaim up within this time, s. */
const takenUpSeconds = 60;
/** A machine is there within this time, s; one in kaito#2325 took 410. */
const madeSeconds = 1_200;

/** GPU nodes and their device plugin, and the machines that are asked for. */
export async function machineChecks(cluster: Cluster, now: number): Promise<Check[]> {
  const all = await Promise.all([nodeChecks(cluster), claimChecks(cluster, now)]);
  return all.flat();
}

async function nodeChecks({ client }: Cluster): Promise<Check[]> {
  const name = 'gpu nodes';
  let items: readonly Live<Node>[];
  try {
    ({ items } = await client.list(nodes));
  } catch (error) {
    return [asCheck(error, name)];
  }
  const catalog = loadCatalog();
  const withGpus = items.filter((node) => gpusOf(node) > 0);
  const silent = items.filter((node) => gpusOf(node) === 0 && isReadyNode(node) && hasGpus(catalog, node)).map(nameOf);
  const away = withGpus.filter((node) => !isReadyNode(node)).map(nameOf);
  const gpus = withGpus.reduce((sum, node) => sum + gpusOf(node), 0);
  const of = `${items.length} ${items.length === 1 ? 'node' : 'nodes'}`;
  return [
    withGpus.length === 0
      ? { name, state: 'ok', found: `none of ${of} offers GPUs yet; a Workspace rents what it needs` }
      : { name, state: 'ok', found: `${withGpus.length} of ${of}, with ${gpus} GPUs` },
    ...(away.length === 0
      ? []
      : [
          {
            name,
            state: 'warning',
            found: `${some(away)} ${away.length === 1 ? 'is' : 'are'} not Ready`,
            remedy: `See why: kubectl describe node ${away[0]}`,
          } as const,
        ]),
    ...(silent.length === 0
      ? []
      : [
          {
            name: 'device plugin',
            state: 'warning',
            found: `${some(silent)} ${silent.length === 1 ? 'is' : 'are'} Ready but ${silent.length === 1 ? 'offers' : 'offer'} no GPU: NVIDIA's device plugin or driver is missing there`,
            remedy: 'Let the chart bring the plugin: helm upgrade with --set nvidiaDevicePlugin.enabled=true',
          } as const,
        ]),
  ];
}

function nameOf({ metadata }: Live<Node>): string {
  return metadata.name ?? '';
}

function hasGpus(catalog: Catalog, { metadata }: Live<Node>): boolean {
  const type = metadata.labels?.[instanceTypeLabel];
  return type != null && findMachine(catalog, type)?.gpu != null;
}

async function claimChecks({ client }: Cluster, now: number): Promise<Check[]> {
  const name = 'provisioner';
  let items: readonly Live<NodeClaim>[];
  try {
    ({ items } = await client.list(nodeClaims));
  } catch (error) {
    // That the cluster knows none is said elsewhere.
    return isNotFound(error) ? [] : [asCheck(error, name)];
  }
  const waiting = items
    .filter(({ metadata, status }) => {
      return metadata.deletionTimestamp == null && findCondition(status?.conditions, 'Initialized')?.status !== 'True';
    })
    .map((claim) => ({ claim, seconds: (now - Date.parse(claim.metadata.creationTimestamp ?? '')) / 1000 }));
  const ignored = waiting.filter(({ claim, seconds }) => seconds > takenUpSeconds && !claim.status?.conditions?.length);
  const late = waiting.filter((each) => each.seconds > madeSeconds && !ignored.includes(each));
  const names = (of: typeof waiting) => some(of.map(({ claim }) => claim.metadata.name ?? ''));
  const checks: Check[] = [];
  if (ignored.length > 0) {
    checks.push({
      name,
      state: 'failed',
      found: `nobody has answered ${ignored.length === 1 ? 'NodeClaim' : 'NodeClaims'} ${names(ignored)} for ${duration(ignored[0]!.seconds)}: no provisioner runs`,
      remedy:
        "Start one. On AKS: kaito azure setup -g GROUP -n CLUSTER gives KAITO's own its rights and starts it (provisioner.enabled=true of the chart); elsewhere install Karpenter.",
    });
  }
  for (const { claim, seconds } of late.slice(0, 3)) {
    const failing = claim.status?.conditions?.find(({ status, message }) => status !== 'True' && message !== '');
    const why = failing == null ? '' : `: ${failing.message ?? ''}`;
    checks.push({
      name,
      state: 'warning',
      found: `NodeClaim ${claim.metadata.name ?? ''} has no machine after ${duration(seconds)}${why}`,
      remedy: `See its events: kubectl describe nodeclaim ${claim.metadata.name ?? ''}`,
    });
  }
  if (checks.length > 0 || items.length === 0) return checks;
  const made = items.length - waiting.length;
  return [{ name, state: 'ok', found: `${made} of ${items.length} NodeClaims have their machine` }];
}
