import {
  createAdmissionServer,
  fixedCertificate,
  type JsonPatchOperation,
  mutatingWebhookConfigurations,
  silentLogger,
  systemClock,
} from '@kaito/kube';
import { type TestCluster, testCertificate } from '@kaito/kube/testing';
import type { Pod } from 'kubernetes-types/core/v1.js';

const volume = 'azure-identity-token';
const file = `/var/run/secrets/azure/tokens/${volume}`;

/** What the webhook knows of the cluster and of the ServiceAccount's annotations. */
export interface Identity {
  readonly clientId: string;
  readonly tenantId: string;
  readonly authorityHost: string;
}

/**
 * Stands for Azure's workload identity webhook, by its published rules: pods with its label get four variables, a volume and a mount, each only where
 * there is none. Until the cluster's test is over.
 */
export async function serveIdentityWebhook(cluster: TestCluster, namespace: string, identity: Identity): Promise<void> {
  const { authorities, pair } = await testCertificate();
  const server = createAdmissionServer({
    host: '127.0.0.1',
    port: 0,
    handlers: {
      '/mutate-v1-pod': ({ object }) => ({ allowed: true, patch: patchOf(object as unknown as Pod, identity) }),
    },
    certificate: fixedCertificate(pair),
    clock: systemClock,
    logger: silentLogger,
  });
  const end = new AbortController();
  const running = server.run(end.signal);
  await server.ready!(end.signal);
  const name = `identity.${namespace}.example.com`;
  // A variable, since the published type of a rule lacks the fields that it takes from another.
  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] };
  await cluster.client.create(mutatingWebhookConfigurations, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name,
        clientConfig: {
          url: `${server.url}/mutate-v1-pod`,
          caBundle: Buffer.from(authorities).toString('base64'),
        },
        rules: [rule],
        objectSelector: { matchLabels: { 'azure.workload.identity/use': 'true' } },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        reinvocationPolicy: 'IfNeeded',
      },
    ],
  });
  cluster.after(async () => {
    await cluster.client.delete(mutatingWebhookConfigurations, { name });
    end.abort();
    await running;
  });
}

function patchOf({ spec }: Pod, { clientId, tenantId, authorityHost }: Identity): JsonPatchOperation[] {
  const wanted = {
    AZURE_CLIENT_ID: clientId,
    AZURE_TENANT_ID: tenantId,
    AZURE_FEDERATED_TOKEN_FILE: file,
    AZURE_AUTHORITY_HOST: authorityHost,
  };
  const patch = spec!.containers.flatMap(({ env = [], volumeMounts = [] }, at): JsonPatchOperation[] => {
    const missing = Object.entries(wanted).filter(([name]) => !env.some((each) => each.name === name));
    return [
      ...missing.map(([name, value]): JsonPatchOperation => ({
        op: 'add',
        path: `/spec/containers/${at}/env/-`,
        value: { name, value },
      })),
      ...(volumeMounts.some(({ name }) => name === volume)
        ? []
        : [{ op: 'add', path: `/spec/containers/${at}/volumeMounts/-`, value: mount } as const]),
    ];
  });
  const projected = (spec!.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (projected.some(({ serviceAccountToken }) => serviceAccountToken?.path === volume)) return patch;
  const token = { audience: 'api://AzureADTokenExchange', expirationSeconds: 3600, path: volume };
  const value = { name: volume, projected: { sources: [{ serviceAccountToken: token }] } };
  return [...patch, { op: 'add', path: '/spec/volumes/-', value }];
}

const mount = { name: volume, mountPath: '/var/run/secrets/azure/tokens', readOnly: true };
