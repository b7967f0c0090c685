import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Live } from '../../cache/caches.ts';

/** On everything that this project's chart makes; on nothing of KAITO's Go charts. */
export const partOfLabel = 'app.kubernetes.io/part-of';
export const partOf = 'kaito-ts';

/** Labels by which KAITO's Go charts and Microsoft's managed add-on mark their Deployments, each a label selector. */
export const deploymentSelectors = [
  'app.kubernetes.io/name in (workspace,kaito-workspace,gpu-provisioner,kaito-gpu-provisioner)',
  'app=ai-toolchain-operator',
] as const;

/** The Service by which the API server calls our own webhook. */
export interface OwnWebhook {
  readonly namespace: string;
  readonly service: string;
}

const operatorImage = /(?:^|\/)kaito\/workspace(?:[:@]|$)/;
const provisionerImage = /(?:^|\/)(?:kaito\/)?gpu-provisioner(?:[:@]|$)/;

/** What a Deployment does here while a pod of it is ready: looks after Workspaces, or makes machines. */
export function roleOf(deployment: Live<Deployment>): 'operator' | 'provisioner' | undefined {
  if ((deployment.status?.readyReplicas ?? 0) === 0) return undefined;
  const images = (deployment.spec?.template.spec?.containers ?? []).map(({ image = '' }) => image);
  const addOn = deployment.metadata.labels?.['app'] === 'ai-toolchain-operator';
  const name = deployment.metadata.name ?? '';
  if (images.some((image) => operatorImage.test(image)) || (addOn && name.endsWith('workspace'))) return 'operator';
  if (images.some((image) => provisionerImage.test(image)) || (addOn && name.endsWith('gpu-provisioner'))) {
    return 'provisioner';
  }
  return undefined;
}

export function isOurs({
  metadata,
}: {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
}): boolean {
  return metadata.labels?.[partOfLabel] === partOf;
}

/** Names another operator's Deployment. */
export function nameOf({ metadata }: Live<Deployment>): string {
  return `Deployment ${metadata.name ?? ''} in namespace ${metadata.namespace ?? ''}`;
}

/** Who else admits Workspaces, by the webhook of KAITO's own name; undefined where it is ours. */
export function foreignAdmission(
  configuration: Live<ValidatingWebhookConfiguration>,
  own: OwnWebhook,
): string | undefined {
  const services = (configuration.webhooks ?? []).flatMap(({ clientConfig: { service } }) => service ?? []);
  if (
    isOurs(configuration) ||
    services.some(({ namespace, name }) => namespace === own.namespace && name === own.service)
  ) {
    return undefined;
  }
  const [service] = services;
  const whose = service === undefined ? '' : ` of Service ${service.name} in namespace ${service.namespace}`;
  return `another KAITO, whose webhook ${configuration.metadata.name ?? ''}${whose} admits Workspaces`;
}
