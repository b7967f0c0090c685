import { nodes, pods } from '@kaito/kube';
import { eventually } from '@kaito/kube/testing';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chart } from './testing/helm.ts';
import { testRelease, type TestRelease } from './testing/release.ts';

const made = { 'kaito.sh/workspace': 'any', 'karpenter.sh/nodepool': 'kaito' };
const gpu = { ...made, accelerator: 'nvidia' };
const found = {
  resource: pods,
  namespace: 'kube-system',
  labelSelector: 'app.kubernetes.io/name=nvidia-device-plugin',
};
/** Where a daemon's pod is to run: it is bound by its affinity before the scheduler says so. */
function placeOf({ spec }: Pod): string {
  return spec!.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms[0]!
    .matchFields![0]!.values![0]!;
}

let release: TestRelease;

beforeAll(async () => {
  release = await testRelease();
  await release.upgrade(chart, '--take-ownership');
});

afterAll(async () => {
  await release.close();
});

test('the plugin runs on the GPU nodes that KAITO made, and on no other', async () => {
  await release.addNode('own-gpu', { accelerator: 'nvidia' });
  await release.addNode('made-cpu', made);
  await release.addNode('gpu-operator', { ...gpu, 'nvidia.com/gpu.deploy.device-plugin': 'true' });
  await release.addNode('marked-gpu', { ...gpu, 'nvidia.com/gpu.present': 'true' });
  await release.addNode('made-gpu', gpu);
  const all = await eventually(
    { client: release.cluster.client, ...found },
    (each) => each.some((pod) => placeOf(pod) === 'made-gpu' && pod.status?.phase === 'Running') && each,
  );
  const places = new Set(all.map(placeOf));
  expect(['own-gpu', 'made-cpu', 'gpu-operator', 'marked-gpu'].filter((name) => places.has(name))).toEqual([]);
});

test('the plugin does not run beside another plugin', async () => {
  const theirs = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'theirs', labels: { name: 'nvidia-device-plugin-ds' } },
    spec: { nodeName: 'served-gpu', containers: [{ name: 'plugin', image: 'registry.example/plugin:1' }] },
  };
  await release.cluster.apply(theirs, release.team);
  await release.addNode('served-gpu', gpu);
  await eventually({ client: release.cluster.client, ...found }, (each) =>
    each.some(
      (pod) =>
        placeOf(pod) === 'served-gpu' &&
        (pod.status?.conditions ?? []).some(({ message = '' }) => /anti-affinity/.test(message)),
    ),
  );
});

test('the plugin goes where the GPU operator comes', async () => {
  const labels = { 'nvidia.com/gpu.deploy.device-plugin': 'true' };
  await release.cluster.client.patch(nodes, { name: 'made-gpu' }, { type: 'merge', body: { metadata: { labels } } });
  await eventually(
    { client: release.cluster.client, ...found },
    (each) => !each.some((pod) => placeOf(pod) === 'made-gpu'),
  );
});

test("another's DaemonSet of the same name is not taken over, and the person is told what to do", async () => {
  const theirs = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'nvidia-device-plugin-daemonset' },
    spec: {
      selector: { matchLabels: { name: 'theirs' } },
      template: {
        metadata: { labels: { name: 'theirs' } },
        spec: { nodeSelector: { none: 'such' }, containers: [{ name: 'plugin', image: 'registry.example/plugin:1' }] },
      },
    },
  };
  await release.cluster.apply(theirs, release.team);
  const upgrade = release.upgrade(chart, `--set=nvidiaDevicePlugin.namespace=${release.team}`);
  await expect(upgrade).rejects.toThrow(
    'so set nvidiaDevicePlugin.enabled=false; else set nvidiaDevicePlugin.namespace',
  );
});
