import { deployments, leases, type Live, validatingWebhookConfigurations } from '@kaito/kube';
import {
  deploymentSelectors,
  foreignAdmission,
  isOurs,
  nameOf,
  partOf,
  partOfLabel,
  roleOf,
} from '@kaito/workspace/neighbour';
import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { Check } from '../../doctor/check.ts';
import { duration } from '../../terminal/quantity.ts';
import type { Cluster } from '../connect.ts';
import { installCommand, operatorCommand } from '../explain.ts';
import { asCheck, some } from './finding.ts';

/** The name of the operator's Deployment, Lease and Service. */
const operatorName = 'kaito-workspace';

/** Whether the operator runs and leads, and whether another KAITO is there; `takeOver` is how ours comes into its place. */
export async function operatorChecks(
  cluster: Cluster,
  now: number,
  takeOver = 'Take its Workspaces over, on AKS: kaito azure setup -g GROUP -n CLUSTER --take-over; elsewhere: docs/operating.md. Or remove one of the two.',
): Promise<Check[]> {
  const { client } = cluster;
  try {
    const [{ items: ours }, { items: terms }] = await Promise.all([
      client.list(deployments, { labelSelector: `${partOfLabel}=${partOf}` }),
      client.list(leases, { fieldSelector: `metadata.name=${operatorName}` }),
    ]);
    const lease = terms.toSorted((a, b) => renewed(b) - renewed(a))[0];
    return [...ours.map(deploymentCheck), leaseCheck(lease, now), ...(await neighbourChecks(cluster, lease, takeOver))];
  } catch (error) {
    return [asCheck(error, 'operator')];
  }
}

function renewed(lease: Live<Lease>): number {
  const at = Date.parse(String(lease.spec?.renewTime ?? ''));
  return Number.isNaN(at) ? 0 : at;
}

/** Whether a process leads, by the Lease that it renews; this machine's clock may differ from its own by some seconds. */
function leaseCheck(lease: Live<Lease> | undefined, now: number): Check {
  const name = 'operator';
  const see = `See its pods: ${operatorCommand}`;
  if (lease == null) {
    return {
      name,
      state: 'failed',
      found: `no Lease ${operatorName} in any namespace: no operator has run here`,
      remedy: `Install it: ${installCommand}`,
    };
  }
  const { namespace = '' } = lease.metadata;
  const { holderIdentity = '', leaseDurationSeconds = 15 } = lease.spec ?? {};
  const agoSeconds = Math.max(0, Math.round((now - renewed(lease)) / 1000));
  const what = `Lease ${namespace}/${operatorName}`;
  if (holderIdentity === '')
    return { name, state: 'failed', found: `nobody holds ${what}: no operator runs`, remedy: see };
  if (agoSeconds > 2 * leaseDurationSeconds) {
    const found = `${holderIdentity} holds ${what} but renewed it ${duration(agoSeconds)} ago: no operator runs`;
    return { name, state: 'failed', found, remedy: see };
  }
  return { name, state: 'ok', found: `${holderIdentity} leads: it renewed ${what} ${agoSeconds} s ago` };
}

function deploymentCheck({ metadata, spec, status }: Live<Deployment>): Check {
  const { name = '', namespace = '', labels } = metadata;
  const wanted = spec?.replicas ?? 1;
  const ready = status?.readyReplicas ?? 0;
  const version = labels?.['app.kubernetes.io/version'];
  const found = `${namespace}/${name}${version == null ? '' : ` ${version}`}: ${ready} of ${wanted} pods ready`;
  if (ready >= wanted && wanted > 0) return { name: 'deployment', state: 'ok', found };
  const remedy =
    wanted === 0
      ? `Start it again: kubectl scale deployment ${name} -n ${namespace} --replicas=1`
      : `See why: kubectl describe pod -n ${namespace} -l app.kubernetes.io/name=${name}`;
  return { name: 'deployment', state: ready === 0 ? 'failed' : 'warning', found, remedy };
}

async function neighbourChecks(
  { client }: Cluster,
  lease: Live<Lease> | undefined,
  takeOver: string,
): Promise<Check[]> {
  const own = { namespace: lease?.metadata.namespace ?? '', service: operatorName };
  const [webhooks, ...others] = await Promise.all([
    client.list<Live<ValidatingWebhookConfiguration>>(validatingWebhookConfigurations),
    ...deploymentSelectors.map((labelSelector) => client.list(deployments, { labelSelector })),
  ]);
  const admission = webhooks.items
    .filter(({ metadata }) => metadata.name === 'validation.workspace.kaito.sh')
    .flatMap((each) => foreignAdmission(each, own) ?? []);
  const found = new Map(others.flatMap(({ items }) => items).map((each) => [each.metadata.uid, each]));
  const foreign = [...found.values()].filter((each) => !isOurs(each));
  const operators = foreign.filter((each) => roleOf(each) === 'operator').map(nameOf);
  const provisioners = [...found.values()].filter((each) => roleOf(each) === 'provisioner').map(nameOf);
  const neighbours = [...operators.map((each) => `another KAITO, ${each}`), ...(operators.length > 0 ? [] : admission)];
  return [
    ...(neighbours.length === 0
      ? []
      : [
          {
            name: 'neighbour',
            state: 'warning',
            found: `${some(neighbours)}: ours only looks on while it is there`,
            remedy: takeOver,
          } as const,
        ]),
    ...(provisioners.length < 2
      ? []
      : [
          {
            name: 'neighbour',
            state: 'warning',
            found: `${provisioners.length} provisioners answer the same NodeClaims: ${some(provisioners)}`,
            remedy: 'Stop all but one, so that no machine is rented twice.',
          } as const,
        ]),
  ];
}
