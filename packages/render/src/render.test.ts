import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateWorkspace } from '@kaito/api';
import { describe, expect, test } from 'vitest';
import { renderNodeClaim } from './node-claim.ts';
import { render } from './render.ts';
import { cases, goldenFiles, planFor, serverImage, workspaceOf } from './testing/cases.ts';

type Pod = { readonly spec: { readonly tolerations: readonly object[] } };

const root = join(import.meta.dirname, '..');
const rendered = (name: string): ReturnType<typeof render> => {
  const workspace = cases[name]!;
  return render(planFor(workspace), workspace, { serverImage });
};

describe('golden files', () => {
  test('every case is a Workspace that is admitted', () => {
    for (const workspace of Object.values(cases)) {
      expect(validateWorkspace(workspace).filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(planFor(workspace).findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    }
  });

  test.each(goldenFiles())(
    '$path is what is rendered (else: node packages/render/src/testing/generate.ts)',
    ({ path, text }) => {
      const file = join(root, path);
      expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(text);
    },
  );

  test('none is left over', () => {
    const files = readdirSync(join(root, 'src/testing/golden')).map((name) => `src/testing/golden/${name}`);
    expect(files.toSorted()).toEqual(
      goldenFiles()
        .map(({ path }) => path)
        .toSorted(),
    );
  });
});

test('equal input gives byte-identical output', () => {
  for (const name of Object.keys(cases)) expect(JSON.stringify(rendered(name))).toBe(JSON.stringify(rendered(name)));
});

test("the seed's private image is the one that runs, with its pull Secret", () => {
  const pod = rendered('private-image').workload.spec['template'] as { spec: Record<string, unknown> };
  expect(pod.spec['containers']).toMatchObject([
    { name: 'private', image: 'kaitolab.azurecr.io/mistral-7b-instruct:0.0.2' },
  ]);
  expect(pod.spec['imagePullSecrets']).toEqual([{ name: 'registry-login' }]);
});

test('a load balancer is made on request only, and stays inside the virtual network on request', () => {
  expect(rendered('mistral-7b-instruct').services[0]!.spec['type']).toBe('ClusterIP');
  expect(rendered('load-balancer').services[0]!.spec).toMatchObject({
    type: 'LoadBalancer',
    ports: [{ name: 'http', port: 80, targetPort: 5000 }],
  });
  expect(rendered('load-balancer').services[0]!.metadata.annotations).toBeUndefined();
  expect(rendered('load-balancer-internal').services[0]!.metadata.annotations).toEqual({
    'service.beta.kubernetes.io/azure-load-balancer-internal': 'true',
  });
});

test('a GGUF model on a machine without GPUs tolerates no GPU taint and asks for no GPU', () => {
  const pod = rendered('adapters').workload.spec['template'] as { spec: Record<string, unknown> };
  expect(JSON.stringify(pod)).not.toContain('nvidia.com/gpu');
  expect((pod.spec['tolerations'] as { key: string }[]).map(({ key }) => key)).toEqual([
    'kubernetes.azure.com/scalesetpriority',
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/unreachable',
  ]);
});

test('pods tolerate the taint of spot machines where their machine is rented, and only there', () => {
  const tolerations = (name: string) => (rendered(name).workload.spec['template'] as Pod).spec.tolerations;
  const spot = { key: 'kubernetes.azure.com/scalesetpriority', operator: 'Equal', value: 'spot', effect: 'NoSchedule' };
  expect(tolerations('mistral-7b-instruct')).toContainEqual(spot);
  expect(tolerations('template')).toContainEqual(spot);
  const { instanceType: _, ...resource } = cases['mistral-7b-instruct']!.resource!;
  const workspace = { ...cases['mistral-7b-instruct']!, resource };
  const { workload } = render(planFor(workspace), workspace, { serverImage });
  expect((workload.spec['template'] as Pod).spec.tolerations).not.toContainEqual(spot);
});

test('ranks of a distributed model lie on different machines', () => {
  const { workload, services } = rendered('llama-2-70b-chat');
  expect(workload).toMatchObject({
    kind: 'StatefulSet',
    spec: {
      replicas: 2,
      template: { spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } } },
    },
  });
  expect(services.map(({ metadata }) => metadata.name)).toEqual([
    'workspace-llama-2-70b-chat',
    'workspace-llama-2-70b-chat-headless',
  ]);
});

test('a Workspace that is not in the cluster yet owns nothing', () => {
  const workspace = { ...cases['private-image']!, metadata: { name: 'private', namespace: 'team' } };
  const { services, workload } = render(planFor(workspace), workspace, { serverImage });
  for (const object of [...services, workload]) expect(object.metadata.ownerReferences).toBeUndefined();
});

test('what cannot be rendered is refused', () => {
  const workspace = cases['private-image']!;
  const plan = planFor(workspace);
  expect(() => render({ ...plan, admitted: false }, workspace, { serverImage })).toThrow('was refused');
  expect(() => render({ ...plan, target: 'local' }, workspace, { serverImage })).toThrow('this machine');
  expect(() => render(plan, cases['template']!, { serverImage })).toThrow('not of own-pod');
});

describe('NodeClaims', () => {
  test('carry what the provisioner and the nodes need', () => {
    const workspace = cases['private-image']!;
    expect(renderNodeClaim(planFor(workspace), workspace, { ordinal: 0, attempt: 0 })).toEqual({
      apiVersion: 'karpenter.sh/v1',
      kind: 'NodeClaim',
      metadata: {
        name: expect.stringMatching(/^ws[0-9a-f]{9}$/),
        labels: {
          apps: 'private',
          'karpenter.sh/nodepool': 'kaito',
          'kaito.sh/workspace': 'private',
          'kaito.sh/workspacenamespace': 'team',
        },
        annotations: {
          'karpenter.sh/do-not-disrupt': 'true',
          'kaito.sh/workspace-uid': '3d9c7f0e-5a0a-4a53-9c1e-1f6f3f0f9a11',
        },
      },
      spec: {
        nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
        requirements: [
          { key: 'karpenter.sh/nodepool', operator: 'In', values: ['kaito'] },
          { key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['Standard_NC64as_T4_v3'] },
          { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] },
          { key: 'karpenter.azure.com/sku-name', operator: 'In', values: ['Standard_NC64as_T4_v3'] },
        ],
        taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }],
        resources: { requests: { storage: '50Gi' } },
      },
    });
  });

  test('are not tainted for machines without GPUs', () => {
    const workspace = cases['adapters']!;
    expect(renderNodeClaim(planFor(workspace), workspace, { ordinal: 0, attempt: 0 }).spec.taints).toBeUndefined();
  });

  test('are refused where nothing is rented, and for a Workspace without UID', () => {
    const existing = cases['existing-nodes']!;
    expect(() => renderNodeClaim(planFor(existing), existing, { ordinal: 0, attempt: 0 })).toThrow('rents no machine');
    const fresh = {
      ...workspaceOf({ name: 'x', preset: { name: 'phi-2' }, instanceType: 'Standard_NC6s_v3' }),
      metadata: { name: 'x' },
    };
    expect(() => renderNodeClaim(planFor(fresh), fresh, { ordinal: 0, attempt: 0 })).toThrow('UID ""');
  });
});
