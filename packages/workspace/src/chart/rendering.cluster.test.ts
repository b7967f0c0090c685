import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '@kaito/kube';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { describe, expect, test } from 'vitest';
import type { Live } from '../cache/caches.ts';
import { readSettings } from '../settings.ts';
import { webhookConfiguration, workspaceWebhook } from '../webhook/configuration.ts';
import { chart, helm, kubeVersion, objectsOf, run, template } from './testing/helm.ts';

/** Every option on. */
const everything = `
managedAddon: {enabled: true}
imageRegistry: registry.example/kaito
imagePullSecrets: [{name: pull}]
rbac: {aggregateToEdit: true}
operator: {nodeProvisioner: none, concurrency: 20, logLevel: debug, logFormat: json, image: {tag: 1.2.3}}
webhook: {failurePolicy: Ignore, timeoutSeconds: 5, namespaceSelector: {matchLabels: {ai: "true"}}, configurationName: ours.kaito.sh}
provisioner:
  enabled: true
  azure: {subscriptionId: 11111111-2222-3333-4444-555555555555, resourceGroup: KaitoLab, clusterName: kaito, location: westus3, environment: AzureUSGovernment, resourceManagerEndpoint: https://arm.example, authorityHost: https://login.example}
  caBundle: "-----BEGIN CERTIFICATE-----\\nMA==\\n-----END CERTIFICATE-----\\n"
  extraArgs: [--repair-after=20m]
  extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
  logLevel: debug
  logFormat: json
  workloadIdentity: {clientId: 66666666-7777-8888-9999-aaaaaaaaaaaa, tenantId: bbbbbbbb-cccc-dddd-eeee-ffffffffffff}
nodeSelector: {pool: system}
tolerations: [{key: system, operator: Equal, value: only, effect: NoSchedule}]
podLabels: {team: ai}
podAnnotations: {note: hello}
nvidiaDevicePlugin: {namespace: gpu}
serviceMonitor: {enabled: true, interval: 10s, labels: {release: prometheus}}
`;

const withoutCrds = ['--set', 'crds.install=false,crds.nodeClaim=never'];
const crdsOf = (objects: readonly KubeObject[]): readonly string[] =>
  objects.flatMap(({ kind, metadata }) => (kind === 'CustomResourceDefinition' ? metadata.name! : [])).toSorted();

/** `values` as `-f` takes them. */
const templateWith = (values: string, ...args: readonly string[]): Promise<string> =>
  run('helm', ['template', 'kaito', chart, kubeVersion, '-f', '-', ...args], values);

test('lints', async () => {
  expect(await helm('lint', '--strict', chart, kubeVersion)).toContain('0 chart(s) failed');
});

describe('golden', () => {
  test('with no value set', async () => {
    const text = await template('--namespace=kaito-system', ...withoutCrds);
    await expect(text).toMatchFileSnapshot('testing/golden/default.yaml');
  });
  test('as the managed add-on', async () => {
    const text = await template('--namespace=kube-system', '--set=managedAddon.enabled=true', ...withoutCrds);
    await expect(text).toMatchFileSnapshot('testing/golden/managed-addon.yaml');
  });
  test('with everything on', async () => {
    const text = await templateWith(everything, '--namespace=kube-system', ...withoutCrds);
    await expect(text).toMatchFileSnapshot('testing/golden/everything.yaml');
  });
});

test('without rbac, webhook and device plugin there is nothing of them', async () => {
  const text = await template(
    '--set=rbac.create=false,webhook.enabled=false,nvidiaDevicePlugin.enabled=false',
    ...withoutCrds,
  );
  expect(objectsOf(text).map(({ kind }) => kind)).toEqual([
    'PodDisruptionBudget',
    'ServiceAccount',
    'Service',
    'Deployment',
  ]);
});

describe('the CRDs', () => {
  const all = ['kaitonodeclasses.kaito.sh', 'nodeclaims.karpenter.sh', 'workspaces.kaito.sh'];
  const ours = all.filter((name) => name.endsWith('kaito.sh'));

  test('are the generated ones, kept when the release goes', async () => {
    const folder = join(chart, 'files/crds');
    const files = await readdir(folder);
    const generated = await Promise.all(
      files.map(async (file) => objectsOf(await readFile(join(folder, file), 'utf8'))),
    );
    const objects = objectsOf(await template()).filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(objects).toHaveLength(files.length);
    for (const crd of generated.flat()) {
      const found = objects.find(({ metadata }) => metadata.name === crd.metadata.name)!;
      expect(found.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
      expect({ ...found, metadata: { name: crd.metadata.name } }).toEqual(crd);
    }
  });

  test.each([
    ['auto', [], all],
    ['auto', ['--api-versions=karpenter.sh/v1/NodeClaim'], ours],
    ['auto', ['--set=operator.nodeProvisioner=none'], ours],
    ['always', ['--api-versions=karpenter.sh/v1/NodeClaim'], all],
    ['never', [], ours],
    ['never', ['--set=crds.install=false'], []],
    ['always', ['--set=crds.install=false'], ['nodeclaims.karpenter.sh']],
  ])('crds.nodeClaim=%s %j', async (nodeClaim, args, expected) => {
    expect(crdsOf(objectsOf(await template(`--set=crds.nodeClaim=${nodeClaim}`, ...args)))).toEqual(expected);
  });
});

test('the webhooks are those that the operator answers', async () => {
  const objects = objectsOf(await template('--namespace=kaito-system', ...withoutCrds));
  const { metadata, ...rest } = objects.find(({ kind }) => kind === 'ValidatingWebhookConfiguration')!;
  const { metadata: _, ...expected } = webhookConfiguration({ service: 'kaito-workspace', namespace: 'kaito-system' });
  expect(metadata.name).toBe(workspaceWebhook);
  expect(rest).toEqual(expected);
});

async function argsOf(text: Promise<string>): Promise<readonly string[]> {
  const deployments = objectsOf(await text).filter(({ kind }) => kind === 'Deployment') as Live<Deployment>[];
  const operator = deployments.find(({ metadata }) => metadata.name === 'kaito-workspace');
  return operator!.spec!.template.spec!.containers[0]!.args!;
}

test("the operator understands its container's arguments", async () => {
  expect(readSettings(await argsOf(template(...withoutCrds)), { POD_NAMESPACE: 'here' })).toEqual(
    readSettings([], { POD_NAMESPACE: 'here' }),
  );
  expect(
    readSettings(await argsOf(templateWith(everything, '--namespace=kube-system', ...withoutCrds)), {}),
  ).toMatchObject({
    nodeProvisioner: 'none',
    concurrency: 20,
    logLevel: 'debug',
    logFormat: 'json',
    serverImage: 'registry.example/kaito/kaito-server:0.1.0',
    webhookConfiguration: 'ours.kaito.sh',
    leaderElect: true,
  });
  const without = await argsOf(template('--set=webhook.enabled=false', ...withoutCrds));
  expect(readSettings(without, {})).toMatchObject({ webhook: false });
});

const wrong: readonly (readonly [string, string])[] = [
  ['operator.replica=3', "at '/operator': additional properties 'replica' not allowed"],
  ['operator.replicas=0', "at '/operator/replicas': minimum: got 0, want 1"],
  ['operator.logLevel=trace', "at '/operator/logLevel': value must be one of 'error', 'warn', 'info', 'debug'"],
  ['operator.nodeProvisioner=byo', "at '/operator/nodeProvisioner': value must be one of 'karpenter', 'none'"],
  ['operator.resources.limits.memory=lots', "at '/operator/resources/limits/memory': 'lots' does not match pattern"],
  ['operator.image.tag=a b', "at '/operator/image/tag': 'a b' does not match pattern"],
  ['crds.nodeClaim=yes', "at '/crds/nodeClaim': value must be one of 'auto', 'always', 'never'"],
  ['webhook.failurePolicy=fail', "at '/webhook/failurePolicy': value must be one of 'Fail', 'Ignore'"],
  ['webhook.timeoutSeconds=60', "at '/webhook/timeoutSeconds': maximum: got 60, want 30"],
  ['webhook.namespaceSelector.ai=true', "at '/webhook/namespaceSelector': additional properties 'ai' not allowed"],
  ['tolerations[0].operator=In', "at '/tolerations/0/operator': value must be one of 'Exists', 'Equal'"],
  ['serviceMonitor.interval=30', "at '/serviceMonitor/interval': got number, want string"],
  ['provisioner.azure.subscriptionId=mine', "at '/provisioner/azure/subscriptionId': 'mine' does not match pattern"],
  ['provisioner.azure.environment=Azure', "at '/provisioner/azure/environment': value must be one of 'AzureCloud'"],
  [
    'provisioner.azure.authorityHost=http://a',
    "at '/provisioner/azure/authorityHost': 'http://a' does not match pattern",
  ],
  ['provisioner.caBundle=/etc/ca.pem', "at '/provisioner/caBundle': '/etc/ca.pem' does not match pattern"],
  ['provisioner.extraArgs[0]=repair', "at '/provisioner/extraArgs/0': 'repair' does not match pattern"],
  ['imagePullSecrets[0]=pull', "at '/imagePullSecrets/0': got string, want object"],
  ['replicas=3', "at '': additional properties 'replicas' not allowed"],
];

test.each(wrong)('%s is one clear error', async (value, error) => {
  const message = await template('--set', value).then(String, String);
  expect(message).toContain(error);
  expect(message.match(/^- at/gm)).toHaveLength(1);
});

const identity = 'provisioner.workloadIdentity.clientId=66666666-7777-8888-9999-aaaaaaaaaaaa';
const subscription = 'provisioner.azure.subscriptionId=11111111-2222-3333-4444-555555555555';

test.each([
  ['managedAddon.enabled=true', 'managedAddon.enabled is for namespace kube-system, and this release is in default'],
  ['provisioner.enabled=true', 'provisioner.workloadIdentity.clientId is missing'],
  [`provisioner.enabled=true,${identity}`, 'provisioner.azure.subscriptionId is missing'],
  [`provisioner.enabled=true,${identity},${subscription}`, 'provisioner.azure.resourceGroup is missing'],
])('%s is refused with what to do', async (values, error) => {
  await expect(template('--set', values)).rejects.toThrow(error);
});

test('the label of the managed add-on is on the pods of operator and provisioner, of one container each', async () => {
  const objects = objectsOf(await templateWith(everything, '--namespace=kube-system', ...withoutCrds));
  const workloads = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet') as Live<Deployment>[];
  const labelled = workloads.filter(({ spec }) => spec!.template.metadata?.labels?.['app'] === 'ai-toolchain-operator');
  expect(workloads).toHaveLength(3);
  expect(labelled.map(({ metadata, spec }) => [metadata.namespace, metadata.name, spec!.replicas])).toEqual([
    ['kube-system', 'kaito-workspace', 2],
    ['kube-system', 'kaito-gpu-provisioner', 2],
  ]);
  for (const { spec } of labelled) expect(spec!.template.spec!.containers).toHaveLength(1);
});

test('the managed add-on has five pods at most', async () => {
  const more = '--set=operator.replicas=3,provisioner.replicas=3';
  await expect(templateWith(everything, '--namespace=kube-system', more)).rejects.toThrow(
    'operator.replicas and provisioner.replicas make 6: lower them',
  );
});
