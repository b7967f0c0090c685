import type { NodeClaim, Workspace } from '@kaito/api';
import {
  customResourceDefinitions,
  deployments,
  isNotFound,
  type Live,
  secrets,
  validatingWebhookConfigurations,
} from '@kaito/kube';
import { deploymentSelectors, foreignAdmission, isOurs, roleOf } from '@kaito/workspace/neighbour';
import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1.js';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Cluster } from '../../cluster/connect.ts';
import { nodeClaims, workspaces } from '../../cluster/resources.ts';

/** Another KAITO as somebody has installed it. */
export interface Neighbour {
  /** Absent: Helm does not know it. */
  readonly release?: { readonly name: string; readonly namespace: string; readonly ownsCrds: boolean };
  readonly deployments: readonly Live<Deployment>[];
}

/** What is in the cluster to be taken over. */
export interface Inventory {
  readonly neighbours: readonly Neighbour[];
  /** Names of webhook configurations that another KAITO admits Workspaces by. */
  readonly webhooks: readonly string[];
  readonly workspaces: readonly Live<Workspace>[];
  readonly claims: readonly Live<NodeClaim>[];
}

/** Looks for other KAITOs and what they look after. Rejects as a list does. */
export async function inventoryOf({ client }: Cluster, namespace: string): Promise<Inventory> {
  const [found, admission, crds, spaces, claims] = await Promise.all([
    Promise.all(deploymentSelectors.map((labelSelector) => client.list(deployments, { labelSelector }))),
    client.list<Live<ValidatingWebhookConfiguration>>(validatingWebhookConfigurations),
    client.list<Live<CustomResourceDefinition>>(customResourceDefinitions),
    orNone(client.list(workspaces)),
    orNone(client.list(nodeClaims)),
  ]);
  const unique = new Map(found.flatMap(({ items }) => items).map((each) => [each.metadata.uid, each]));
  const foreign = [...unique.values()].filter((each) => !isOurs(each) && isKaito(each));
  const own = { namespace, service: 'kaito-workspace' };
  const groups = [...Map.groupBy(foreign, releaseKey)];
  return {
    neighbours: await Promise.all(
      groups.map(async ([key, deployments]) => ({
        deployments,
        ...((await isReleased(client, key)) && { release: releaseOf(key, crds.items) }),
      })),
    ),
    webhooks: admission.items
      .filter(
        (each) =>
          (each.webhooks ?? []).some(({ name }) => name.endsWith('workspace.kaito.sh')) &&
          foreignAdmission(each, own) !== undefined,
      )
      .map(({ metadata }) => metadata.name ?? ''),
    workspaces: spaces,
    claims,
  };
}

/** None where the cluster does not know the kind. */
async function orNone<T>(look: Promise<{ readonly items: readonly T[] }>): Promise<readonly T[]> {
  try {
    return (await look).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Whether it is KAITO's operator or provisioner, running or not. */
function isKaito(deployment: Live<Deployment>): boolean {
  return roleOf({ ...deployment, status: { readyReplicas: 1 } }) !== undefined;
}

const releaseAnnotation = 'meta.helm.sh/release-name';
const releaseNamespaceAnnotation = 'meta.helm.sh/release-namespace';

/** `namespace/name` of the Helm release that made it; empty: none did. */
function releaseKey({ metadata }: { readonly metadata: Live<Deployment>['metadata'] }): string {
  const name = metadata.annotations?.[releaseAnnotation];
  return name === undefined
    ? ''
    : `${metadata.annotations?.[releaseNamespaceAnnotation] ?? metadata.namespace ?? ''}/${name}`;
}

/** Whether Helm still knows the release: it keeps it in Secrets. */
async function isReleased(client: Cluster['client'], key: string): Promise<boolean> {
  if (key === '') return false;
  const [namespace = '', name = ''] = key.split('/');
  return (await client.list(secrets, { namespace, labelSelector: `owner=helm,name=${name}` })).items.length > 0;
}

function releaseOf(key: string, crds: readonly Live<CustomResourceDefinition>[]): NonNullable<Neighbour['release']> {
  const [namespace = '', name = ''] = key.split('/');
  // Helm marks the CRDs of a chart's templates, which it deletes again, and not those of its folder crds.
  const ownsCrds = crds.some(
    (crd) => /\.(kaito\.sh|karpenter\.sh)$/.test(crd.metadata.name ?? '') && releaseKey(crd) === key,
  );
  return { name, namespace, ownsCrds };
}
