import { workspaceVersions } from '@kaito/api';
import type { Live } from '@kaito/kube';
import type { ValidatingWebhook, ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';

/** Paths the operator's webhook server answers; that of Workspaces is Go KAITO's. */
export const webhookPaths = {
  workspace: '/validate/workspace.kaito.sh',
  nodeClass: '/validate/kaitonodeclass.kaito.sh',
} as const;

/** Name of the ValidatingWebhookConfiguration, and of the webhook people see in a refusal: Go KAITO's. */
export const workspaceWebhook = 'validation.workspace.kaito.sh';
const nodeClassWebhook = 'validation.kaitonodeclass.kaito.sh';

/** How the API server reaches the webhook server. */
export type WebhookTarget =
  | {
      readonly service: string;
      readonly namespace: string;
      /** Default 9443. */
      readonly port?: number;
    }
  | {
      /** Without a path: `https://127.0.0.1:9443`. */
      readonly url: string;
    };

/**
 * The ValidatingWebhookConfiguration that the handlers are made for; the chart's template renders to the same. Sub-resources are in no rule, so
 * that a status is never validated, and deletions and objects on their way out ask nobody: they go on while the operator is away.
 * `caBundle` is written by the operator itself.
 */
export function webhookConfiguration(
  target: WebhookTarget,
  name: string = workspaceWebhook,
): Live<ValidatingWebhookConfiguration> {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      webhook(target, {
        name: workspaceWebhook,
        path: webhookPaths.workspace,
        versions: workspaceVersions.map((version) => version.split('/')[1]!),
        plural: 'workspaces',
        scope: 'Namespaced',
      }),
      webhook(target, {
        name: nodeClassWebhook,
        path: webhookPaths.nodeClass,
        versions: ['v1alpha1'],
        plural: 'kaitonodeclasses',
        scope: 'Cluster',
      }),
    ],
  };
}

interface Validated {
  readonly name: string;
  readonly path: string;
  readonly versions: string[];
  readonly plural: string;
  readonly scope: 'Namespaced' | 'Cluster';
}

function webhook(target: WebhookTarget, { name, path, versions, plural, scope }: Validated): ValidatingWebhook {
  // The published type has no `resources`; a rule without them is refused.
  const rule = {
    apiGroups: ['kaito.sh'],
    apiVersions: versions,
    resources: [plural],
    operations: ['CREATE', 'UPDATE'],
    scope,
  };
  return {
    name,
    clientConfig:
      'url' in target
        ? { url: `${target.url}${path}` }
        : { service: { name: target.service, namespace: target.namespace, path, port: target.port ?? 9443 } },
    rules: [rule],
    matchConditions: [{ name: 'not-being-deleted', expression: '!has(object.metadata.deletionTimestamp)' }],
    matchPolicy: 'Equivalent',
    failurePolicy: 'Fail',
    sideEffects: 'None',
    timeoutSeconds: 10,
    admissionReviewVersions: ['v1'],
  };
}
