import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions, deployments, secrets, validatingWebhookConfigurations } from '@kaito/kube';
import { afterAll, expect, test } from 'vitest';
import { nodeClaims, workspaces } from '../../cluster/resources.ts';
import type { Step } from '../steps/step.ts';
import { clusterWith } from '../testing/azure.ts';
import { memoryCluster } from '../testing/cluster.ts';
import { inventoryOf } from './find.ts';
import { staying } from './staying.ts';
import { takeOverSteps } from './steps.ts';

const directory = mkdtempSync(join(tmpdir(), 'kaito-take-over-'));
afterAll(() => rmSync(directory, { recursive: true }));

const helm = (name: string, namespace: string) => ({
  'meta.helm.sh/release-name': name,
  'meta.helm.sh/release-namespace': namespace,
});

/** A cluster with a Go KAITO of the chart `kaito-workspace`, one Workspace and its machine. */
async function withGoKaito({ crdsInTemplates = true } = {}) {
  const { client, cluster } = memoryCluster();
  const deployment = (name: string, namespace: string, image: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/name': name }, annotations: helm(name, namespace) },
    spec: { replicas: 1, template: { spec: { containers: [{ name, image }] } } },
  });
  await client.create(
    deployments,
    deployment('kaito-workspace', 'kaito-workspace', 'mcr.microsoft.com/aks/kaito/workspace:0.12.0') as never,
  );
  await client.create(
    deployments,
    deployment('gpu-provisioner', 'gpu-provisioner', 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3') as never,
  );
  await client.create(deployments, deployment('workspace', 'shop', 'example.com/shop:1') as never);
  await client.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'workspaces.kaito.sh',
      ...(crdsInTemplates && { annotations: helm('kaito-workspace', 'kaito-workspace') }),
    },
  } as never);
  await client.create(validatingWebhookConfigurations, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'validation.workspace.kaito.sh' },
    webhooks: [
      {
        name: 'validation.workspace.kaito.sh',
        clientConfig: { service: { name: 'kaito-workspace', namespace: 'kaito-workspace' } },
      },
    ],
  } as never);
  for (const name of ['kaito-workspace', 'gpu-provisioner'])
    await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `sh.helm.release.v1.${name}.v1`, namespace: name, labels: { owner: 'helm', name } },
    });
  await client.create(workspaces, {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name: 'phi', namespace: 'team' },
  } as never);
  await client.create(nodeClaims, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name: 'ws1' },
  } as never);
  const ran: string[] = [];
  const programs = { has: () => true, run: async (words: readonly string[]) => void ran.push(words.join(' ')) };
  const backupFile = join(directory, 'backup.yaml');
  const steps = async (managed = clusterWith()) =>
    takeOverSteps(await inventoryOf(cluster, 'kaito-system'), { cluster, managed, programs, backupFile });
  return { client, cluster, steps, ran, backupFile };
}

async function carryOut(all: readonly Step[]) {
  for (const step of all) if (step.state === 'todo') await step.run?.();
}

test('a Go KAITO whose Helm release would take the CRDs with it is stopped and forgotten, never uninstalled', async () => {
  const { client, steps, ran, backupFile } = await withGoKaito();
  const planned = await steps();
  expect(
    planned.map(({ name, state, says, commands }) => [
      `${state} ${name}: ${says.replaceAll(directory, 'DIR')}`,
      ...commands.map((each) => each.replaceAll(directory, 'DIR')),
    ]),
  ).toMatchInlineSnapshot(`
    [
      [
        "todo backup: copy all Workspaces (1) and NodeClaims (1) to DIR/backup.yaml",
        "kubectl get workspaces.kaito.sh,nodeclaims.karpenter.sh -A -o yaml > DIR/backup.yaml",
      ],
      [
        "todo adoption: mark these Workspaces to be adopted as they are: team/phi",
        "kubectl annotate workspaces.kaito.sh phi -n team kaito.sh/adopt=true",
      ],
      [
        "todo other operator: stop Deployment kaito-workspace in namespace kaito-workspace",
        "kubectl scale deployment kaito-workspace -n kaito-workspace --replicas=0",
      ],
      [
        "todo helm release: let Helm forget the release kaito-workspace of namespace kaito-workspace: uninstalling it would delete its CRDs, and with them every Workspace and its machines",
        "kubectl delete secret -n kaito-workspace -l owner=helm,name=kaito-workspace",
      ],
      [
        "todo other operator: uninstall the Helm release gpu-provisioner of namespace gpu-provisioner; its CRDs are not among what Helm deletes",
        "helm uninstall gpu-provisioner -n gpu-provisioner --wait",
      ],
      [
        "todo other webhook: delete the webhook by which the other KAITO admits Workspaces: validation.workspace.kaito.sh",
        "kubectl delete validatingwebhookconfiguration validation.workspace.kaito.sh --ignore-not-found",
      ],
    ]
  `);
  await carryOut(planned);
  expect(ran).toEqual(['helm uninstall gpu-provisioner -n gpu-provisioner --wait']);
  expect(
    (await client.get(deployments, { name: 'kaito-workspace', namespace: 'kaito-workspace' })).spec?.replicas,
  ).toBe(0);
  expect((await client.get(deployments, { name: 'workspace', namespace: 'shop' })).spec?.replicas).toBe(1);
  expect((await client.list(secrets, { namespace: 'kaito-workspace' })).items).toEqual([]);
  expect((await client.list(validatingWebhookConfigurations)).items).toEqual([]);
  expect((await client.list(customResourceDefinitions)).items).toHaveLength(1);
  expect((await client.list(nodeClaims)).items).toHaveLength(1);
  expect((await client.get(workspaces, { name: 'phi', namespace: 'team' })).metadata.annotations).toEqual({
    'kaito.sh/adopt': 'true',
  });
  expect(readFileSync(backupFile, 'utf8')).toMatch(/kind: Workspace[\s\S]*kind: NodeClaim/);
});

test('once taken over, nothing is left to do', async () => {
  const { client, steps } = await withGoKaito();
  await carryOut(await steps());
  // What helm has done.
  await client.delete(deployments, { name: 'gpu-provisioner', namespace: 'gpu-provisioner' });
  await client.delete(deployments, { name: 'kaito-workspace', namespace: 'kaito-workspace' });
  expect((await steps()).filter(({ state }) => state !== 'already')).toEqual([]);
});

test('a release whose CRDs Helm leaves is uninstalled', async () => {
  const { steps } = await withGoKaito({ crdsInTemplates: false });
  expect((await steps()).flatMap(({ commands }) => commands)).toContain(
    'helm uninstall kaito-workspace -n kaito-workspace --wait',
  );
});

test('Workspaces that went with the managed add-on are told, with the copy to restore them from', async () => {
  const { client, steps } = await withGoKaito();
  const addOn = (await steps(clusterWith({ aiToolchainOperator: true }))).find(({ name }) => name === 'add-on')!;
  expect(addOn.commands).toEqual([
    'az aks update -g KaitoLab -n kaito --subscription 00000000-0000-0000-0000-000000000001 --disable-ai-toolchain-operator -o none',
  ]);
  await expect(addOn.run!()).resolves.toContain('switched');
  await client.delete(workspaces, { name: 'phi', namespace: 'team' });
  await expect(addOn.run!()).rejects.toMatchObject({
    findings: [{ code: 'WorkspacesGone', remedy: expect.stringContaining('kubectl apply -f') }],
  });
});

test('what stays', async () => {
  const { cluster } = await withGoKaito();
  const pools = [
    { id: 'n', name: 'nodepool1', properties: { vmSize: 'Standard_D4s_v5', count: 3 } },
    {
      id: 'w',
      name: 'ws1',
      properties: { vmSize: 'Standard_NC64as_T4_v3', count: 1, nodeLabels: { 'kaito.sh/workspace': 'phi' } },
    },
  ];
  expect(staying(await inventoryOf(cluster, 'kaito-system'), pools)).toBe(
    'these stay as they are, with their nodes and pods: Workspaces team/phi; NodeClaims ws1; agent pools ws1 (Standard_NC64as_T4_v3, 1 machine)',
  );
});
