import {
  clusterRoles,
  deployments,
  type KubeObject,
  podDisruptionBudgets,
  pods,
  resource,
  roles,
  services,
  statefulSets,
  validatingWebhookConfigurations,
} from '@kaito/kube';
import { eventuallyGone, eventuallyOne, recordRights, rightsOf } from '@kaito/kube/testing';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../cache/caches.ts';
import { nodeClaims, workspaces } from '../cache/resources.ts';
import { chart, kubectl, objectsOf, template } from './testing/helm.ts';
import { testRelease, type TestRelease } from './testing/release.ts';

const webhook = { name: 'validation.workspace.kaito.sh' };
const own = { name: 'kaito-workspace' };
const { used, intercept } = recordRights();

let release: TestRelease;

beforeAll(async () => {
  release = await testRelease();
});

afterAll(async () => {
  await release.close();
});

/** The seed's manifest. */
const seed = (name: string, preset = 'mistral-7b-instruct'): string => `
apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata: {name: ${name}}
resource: {instanceType: Standard_NC64as_T4_v3, labelSelector: {matchLabels: {apps: mistral-7b-instruct}}}
inference: {preset: {name: ${preset}, presetOptions: {image: "kaitolab.azurecr.io/mistral-7b-instruct:0.0.2"}}}
`;
/** Why the webhook denies a manifest; the API server hears of the caBundle a moment after it is stored. */
async function refusal(manifest: string): Promise<string> {
  for (;;) {
    const message = await release.apply(manifest).then(() => 'it was accepted', String);
    if (message.includes(`admission webhook "${webhook.name}" denied the request`)) return message;
    if (!/x509|certificate/.test(message)) throw new Error(message);
  }
}

test('the release is installed where only restricted pods are admitted, and has two pods that may not both be disrupted', async () => {
  const probe = ['run', 'probe', '--image=registry.example/x', '--dry-run=server', `--namespace=${release.system}`];
  await expect(kubectl(...probe)).rejects.toThrow('violates PodSecurity "restricted');
  // The CRDs may be here already, made by nobody's release.
  const notes = await release.upgrade(chart, '--take-ownership');
  expect(notes).toContain(`kubectl rollout status deployment/kaito-workspace -n ${release.system}`);
  const budget = { namespace: release.system, ...own };
  const { status } = await eventuallyOne(
    release.cluster.client,
    podDisruptionBudgets,
    budget,
    (each) => each.status?.disruptionsAllowed === 1,
  );
  expect(status).toMatchObject({ currentHealthy: 2, expectedPods: 2 });
});

test('a pod of the provisioner is admitted there too', async () => {
  const uuid = '11111111-2222-3333-4444-555555555555';
  const azure = `subscriptionId=${uuid},resourceGroup=lab,clusterName=kaito,location=westus3`;
  const set = `enabled=true,workloadIdentity.clientId=${uuid},azure.${azure.replaceAll(',', ',azure.')}`;
  const text = await template(`--set=provisioner.${set.replaceAll(',', ',provisioner.')}`);
  const deployment = objectsOf(text).find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'kaito-gpu-provisioner',
  ) as Live<Deployment>;
  const { metadata, spec } = deployment.spec!.template;
  expect(metadata?.labels?.['azure.workload.identity/use']).toBe('true');
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: release.system, name: 'kaito-gpu-provisioner' },
    // Its own ServiceAccount comes with its Deployment.
    spec: { ...spec!, serviceAccountName: 'kaito-workspace' },
  };
  await release.cluster.client.create(pods, pod as Live<Pod>, { dryRun: true });
});

test('the operator has the rights it needs, from apply to gone', async () => {
  await release.startOperator(intercept);
  await eventuallyOne(release.cluster.client, validatingWebhookConfigurations, webhook, ({ webhooks = [] }) =>
    webhooks.every(({ clientConfig }) => (clientConfig.caBundle ?? '') !== ''),
  );
  expect(await refusal(seed('wrong', 'no-such-preset'))).toContain('no-such-preset');

  await release.apply(seed('seed'));
  const { status } = await release.ready('seed');
  expect(status?.workerNodes).toHaveLength(1);
  const ref = { namespace: release.team, name: 'seed' };
  await release.cluster.client.patch(deployments, ref, { type: 'merge', body: { spec: { replicas: 3 } } });
  await eventuallyOne(
    release.cluster.client,
    deployments,
    ref,
    ({ spec, metadata }) => spec?.replicas === 1 && metadata.generation! > 2,
  );
  await kubectl('delete', 'workspace', 'seed', `--namespace=${release.team}`);
  await eventuallyGone(release.cluster.client, workspaces, { namespace: release.team, name: 'seed' });
  expect(
    (await release.cluster.client.list(nodeClaims, { labelSelector: `kaito.sh/workspacenamespace=${release.team}` }))
      .items,
  ).toEqual([]);
});

test('the operator may put back what is changed by hand', async () => {
  const ref = { namespace: release.team, name: 'ranks' };
  await release.apply(`
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: ranks}
resource: {count: 2, instanceType: Standard_NC96ads_A100_v4, labelSelector: {matchLabels: {apps: llama}}}
inference: {preset: {name: llama-2-70b-chat, presetOptions: {image: "registry.example/llama:1"}}}
`);
  await release.ready('ranks');
  const { client } = release.cluster;
  const containers = [{ name: 'ranks', image: 'registry.example/another:1' }];
  await client.patch(statefulSets, ref, {
    type: 'strategic',
    body: { spec: { template: { spec: { containers } } } },
  });
  await client.patch(services, ref, { type: 'merge', body: { spec: { type: 'NodePort' } } });
  await eventuallyOne(client, services, ref, ({ spec }) => spec?.type === 'ClusterIP');
  await eventuallyOne(client, statefulSets, ref, ({ metadata, spec }) => {
    const [container] = spec!.template.spec!.containers;
    return metadata.generation! > 2 && container!.image === 'registry.example/llama:1';
  });
  await kubectl('delete', 'workspace', 'ranks', `--namespace=${release.team}`);
  await eventuallyGone(client, workspaces, ref);
});

/** Who may update may patch, and who may list may get: the one gives no more than the other. */
function asPowerful(right: string): string {
  const [verb = '', of = ''] = right.split(' ');
  const same: Readonly<Record<string, string>> = { patch: 'update', update: 'patch', get: 'list' };
  return `${same[verb] ?? verb} ${of}`;
}

/** What no test here provokes, and when it is used. */
const rarelyUsed: Readonly<Record<string, string>> = {
  'delete controllerrevisions.apps': 'of more than ten revisions of a Workspace the oldest go',
  'delete pods': 'the ranks of a distributed model are replaced together',
  'list events': 'a pod that hangs for half a minute is asked about',
  'patch controllerrevisions.apps': 'a Workspace goes back to what it was before',
  'patch events': 'an event that is repeated is counted',
  'patch nodeclaims.karpenter.sh': "another KAITO's machines are adopted",
  'update workspaces/finalizers.kaito.sh': 'owners block deletion, where the API server asks for the right to that',
};

interface Attributes {
  readonly verb: string;
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}

const beyond: readonly (readonly [string, Attributes])[] = [
  ['read Secrets', { verb: 'get', resource: 'secrets', namespace: 'default', name: 'any' }],
  ['list the Secrets of the cluster', { verb: 'list', resource: 'secrets' }],
  ['list the Secrets of kube-system', { verb: 'list', resource: 'secrets', namespace: 'kube-system' }],
  ['make Secrets', { verb: 'create', resource: 'secrets', namespace: 'kube-system' }],
  ['read ConfigMaps', { verb: 'get', resource: 'configmaps', namespace: 'default', name: 'any' }],
  ['make pods', { verb: 'create', resource: 'pods', namespace: 'default' }],
  [
    'run commands in pods',
    { verb: 'create', resource: 'pods', subresource: 'exec', namespace: 'default', name: 'any' },
  ],
  [
    'make tokens',
    { verb: 'create', resource: 'serviceaccounts', subresource: 'token', namespace: 'default', name: 'any' },
  ],
  ['impersonate', { verb: 'impersonate', resource: 'users', name: 'admin' }],
  ['make nodes', { verb: 'create', resource: 'nodes' }],
  ['delete nodes', { verb: 'delete', resource: 'nodes', name: 'any' }],
  [
    'change rights',
    { verb: 'patch', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', name: 'kaito-workspace' },
  ],
  ['make Workspaces', { verb: 'create', group: 'kaito.sh', resource: 'workspaces', namespace: 'default' }],
  [
    'delete Workspaces',
    { verb: 'delete', group: 'kaito.sh', resource: 'workspaces', namespace: 'default', name: 'any' },
  ],
  ['change CRDs', { verb: 'patch', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', name: 'any' }],
  [
    'change the webhooks of others',
    { verb: 'patch', group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', name: 'any' },
  ],
];

const accessReviews = resource<KubeObject & { readonly spec: object; readonly status?: { readonly allowed: boolean } }>(
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    kind: 'SubjectAccessReview',
    namespaced: false,
  },
);

/** Whether the operator's ServiceAccount may. */
async function may(resourceAttributes: Attributes): Promise<boolean> {
  const { status } = await release.cluster.client.create(accessReviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    metadata: {},
    spec: { user: `system:serviceaccount:${release.system}:kaito-workspace`, resourceAttributes },
  });
  return status!.allowed;
}

test('the operator has no more rights than it uses', async () => {
  // It gives its Lease back.
  await release.stopOperator();
  const { client } = release.cluster;
  const rules = (await client.get(clusterRoles, own)).rules ?? [];
  const inOwn = (await client.get(roles, { namespace: release.system, ...own })).rules ?? [];
  const granted = rightsOf([...rules, ...inOwn]).map((right) => right.replace(' by name', ''));
  const unused = granted.filter((right) => !used.has(right) && !used.has(asPowerful(right)));
  expect(unused.filter((right) => !(right in rarelyUsed))).toEqual([]);
  expect(Object.keys(rarelyUsed).filter((right) => !granted.includes(right))).toEqual([]);
});

test.each(beyond)('the operator may not %s', async (_, attributes) => {
  expect(await may(attributes)).toBe(false);
});

test("the operator may change the webhook's Secret and its own Lease", async () => {
  const secret = { resource: 'secrets', name: 'workspace-webhook-cert', verb: 'update' };
  expect(await may({ namespace: release.system, ...secret })).toBe(true);
  const lease = { group: 'coordination.k8s.io', resource: 'leases', name: 'kaito-workspace', verb: 'update' };
  expect(await may({ namespace: release.system, ...lease })).toBe(true);
  expect(await may({ namespace: release.team, ...secret })).toBe(false);
  expect(await may({ namespace: release.team, ...lease })).toBe(false);
});
