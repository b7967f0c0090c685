import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeClaim, Workspace } from '@kaito/api';
import { controllerReference, deployments, type Live, nodes, pods, services } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import { nodeClaims, workspaces } from '../../../cluster/resources.ts';
import type { Aks } from './aks.ts';

const crds = fileURLToPath(new URL('../../../../../../charts/kaito/files/crds', import.meta.url));
const machine = 'Standard_NC4as_T4_v3';
const finalizers = ['karpenter.sh/termination'];

const deployment = (name: string, label: string, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { 'app.kubernetes.io/name': label } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image }] } },
  },
});

const webhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'validation.workspace.kaito.sh' },
  webhooks: [
    {
      name: 'validation.workspace.kaito.sh',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      // Nobody answers here.
      failurePolicy: 'Ignore',
      clientConfig: { service: { name: 'kaito-workspace', namespace: 'kaito-workspace' } },
      rules: [{ apiGroups: ['kaito.sh'], apiVersions: ['*'], operations: ['CREATE'], resources: ['workspaces'] }],
    },
  ],
};

/** Installs by Helm what KAITO's Go charts do: an operator with its webhook and CRDs among its templates, and a gpu-provisioner. */
export async function installGoKaito({ directory, kube, shell }: Aks): Promise<void> {
  await kube.applyCrds([join(crds, 'karpenter.sh_nodeclaims.yaml')]);
  const chart = (name: string, templates: Readonly<Record<string, object>>): string => {
    const folder = join(directory, name);
    mkdirSync(join(folder, 'templates'), { recursive: true });
    writeFileSync(join(folder, 'Chart.yaml'), JSON.stringify({ apiVersion: 'v2', name, version: '0.12.0' }));
    for (const [file, object] of Object.entries(templates))
      writeFileSync(join(folder, 'templates', `${file}.yaml`), JSON.stringify(object));
    return folder;
  };
  const operator = chart('workspace', {
    deployment: deployment('kaito-workspace', 'workspace', 'mcr.microsoft.com/aks/kaito/workspace:0.12.0'),
    webhook,
  });
  cpSync(join(crds, 'kaito.sh_workspaces.yaml'), join(operator, 'templates', 'crd.yaml'));
  const provisioner = chart('gpu-provisioner', {
    deployment: deployment('gpu-provisioner', 'gpu-provisioner', 'mcr.microsoft.com/aks/kaito/gpu-provisioner:0.4.3'),
  });
  for (const [release, folder] of [
    ['kaito-workspace', operator],
    ['gpu-provisioner', provisioner],
  ] as const)
    await shell(`helm install ${release} ${folder} -n ${release} --create-namespace --take-ownership --wait`);
}

/** Makes what a Go KAITO has made for a Workspace that is Ready: claim, agent pool, node, Deployment with its pod, Service. */
export async function goWorkspace({ arm, id, kube, team }: Aks, name: string, image: string): Promise<void> {
  const { client } = kube;
  const at = { namespace: team, name };
  const matchLabels = { apps: name };
  const workspace: Live<Workspace> = await client.create(workspaces, {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { ...at, finalizers: ['workspace.finalizer.kaito.sh'] },
    resource: { instanceType: machine, labelSelector: { matchLabels } },
    inference: { preset: { name: 'phi-2' } },
  } as Live<Workspace>);
  const claimName = 'ws0a1b2c3d4';
  const labels = { 'kaito.sh/workspace': name, 'kaito.sh/workspacenamespace': team, ...matchLabels };
  const claim = await client.create(nodeClaims, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name: claimName, finalizers, labels: { 'karpenter.sh/nodepool': 'kaito', ...labels } },
    spec: {
      nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
      requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: [machine] }],
      taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }],
      resources: { requests: { storage: '30Gi' } },
    },
  } as Live<NodeClaim>);
  await arm('PUT', `${id}/agentPools/${claimName}`, '2025-02-01', {
    properties: {
      count: 1,
      nodeLabels: {
        'karpenter.sh/nodepool': 'kaito',
        ...labels,
        'kaito.sh/machine-type': 'gpu',
        'kaito.sh/creation-timestamp': claim.metadata.creationTimestamp!.replaceAll(':', '-'),
      },
      nodeTaints: ['sku=gpu:NoSchedule'],
      osDiskSizeGB: 30,
      osSKU: 'Ubuntu',
      osType: 'Linux',
      type: 'VirtualMachineScaleSets',
      vmSize: machine,
    },
  });
  const joined = { client, resource: nodes, labelSelector: `agentpool=${claimName}` };
  const node = await eventually(joined, (all) => all.find(({ spec }) => spec?.providerID !== undefined));
  const owner = { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', name: claimName, uid: claim.metadata.uid! };
  const marked = { 'karpenter.sh/registered': 'true', 'karpenter.sh/initialized': 'true' };
  const metadata = { finalizers, labels: marked, ownerReferences: [{ ...owner, blockOwnerDeletion: true }] };
  await client.patch(nodes, { name: node.metadata.name! }, { type: 'merge', body: { metadata } });
  const lastTransitionTime = new Date().toISOString();
  const conditions = ['Launched', 'Registered', 'Initialized', 'Ready'].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    lastTransitionTime,
    observedGeneration: 1,
  }));
  const status = { conditions, nodeName: node.metadata.name, providerID: node.spec!.providerID };
  await client.patch(nodeClaims, { name: claimName }, { type: 'merge', body: { status } }, { subresource: 'status' });

  const owned = { ...at, ownerReferences: [controllerReference(workspace)] };
  const selector = { 'kaito.sh/workspace': name };
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: owned,
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: selector },
        spec: {
          containers: [{ name, image, resources: { limits: { 'nvidia.com/gpu': '1' } } }],
          nodeSelector: matchLabels,
          tolerations: [{ key: 'sku', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' }],
        },
      },
    },
  });
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: owned,
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 5000 }] },
  });
  const its = { client, resource: pods, namespace: team };
  await eventually(its, (all) => all.some(({ status: pod }) => pod?.phase === 'Running'));
}
