import {
  type NodeClaim,
  nodeClaimName,
  revisionAnnotation,
  type Workspace,
  workspaceFinalizer,
  workspaceLabel,
  workspaceUIDAnnotation,
} from '@kaito/api';
import { controllerReference, deployments, firstDifference, type KubeObject, services } from '@kaito/kube';
import { beforeEach, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { releaseNodes } from '../nodes/release-nodes.ts';
import { madeFor, workspace, World } from '../nodes/testing/world.ts';
import { adopt, describeMadeElsewhere, isToBeAdopted, lookForMadeElsewhere } from './index.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

/** A Workspace as KAITO's Go version leaves it behind: finalizer, random claim names, objects without labels. */
async function goMade(count = 1) {
  const fields = workspace('phi', { count });
  const one = await world.put(world.caches.workspaces, {
    ...fields,
    metadata: { ...fields.metadata, finalizers: [workspaceFinalizer], annotations: { 'kaito.sh/adopt': 'true' } },
  });
  for (let index = 0; index < count; index += 1) await goClaim(one, `wsc0ffee${index}`);
  const metadata = { name: 'phi', namespace: 'team', ownerReferences: [controllerReference(one)] };
  const deployment = await world.client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, annotations: { 'deployment.kubernetes.io/revision': '1' } },
    spec: {
      replicas: count,
      selector: { matchLabels: { [workspaceLabel]: 'phi' } },
      template: { spec: { containers: [{ name: 'phi', image: 'x:1' }] } },
    },
  });
  const service = await world.client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: '10.0.0.7' },
  });
  return { one, deployment, service };
}

async function goClaim(of: Live<Workspace>, name: string): Promise<Live<NodeClaim>> {
  return await world.put(world.caches.nodeClaims, {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name, labels: { ...madeFor(of), apps: 'model' } },
    spec: { nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' }, requirements: [] },
  });
}

test('what a Go KAITO made is found and named, with the way to take it over', async () => {
  const { one } = await goMade();
  const found = (await lookForMadeElsewhere(one, world.deps))!;
  expect(describeMadeElsewhere(one, found)).toBe(
    'another KAITO, which made Deployment phi, Service phi, NodeClaim wsc0ffee0; to take them over as they are: kubectl annotate workspace phi -n team kaito.sh/adopt=true',
  );
  expect(isToBeAdopted(one)).toBe(true);
});

test('a new Workspace is not looked up anywhere', async () => {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  world.client.calls.length = 0;
  expect(await lookForMadeElsewhere(one, world.deps)).toBeUndefined();
  expect(world.client.calls).toEqual([]);
  expect(isToBeAdopted(one)).toBe(false);
});

test('objects of another owner, or of our making, are not taken over', async () => {
  const { one, deployment, service } = await goMade(0);
  await world.client.replace(deployments, {
    ...deployment,
    metadata: { ...deployment.metadata, annotations: { [revisionAnnotation]: 'phi-1' } },
  });
  await world.client.replace(services, { ...service, metadata: { ...service.metadata, ownerReferences: [] } });
  expect(await lookForMadeElsewhere(one, world.deps)).toBeUndefined();
});

test('taken over: claims are ours and counted, nothing is rented, the workload stays as it is, and all goes with the Workspace', async () => {
  const { one, deployment, service } = await goMade(2);
  const found = (await lookForMadeElsewhere(one, world.deps))!;
  const rendered = (await adopt(one, found, world.deps))!;
  expect(world.events.map(({ reason }) => reason)).toEqual(['Adopted']);
  expect(world.claims().map(({ metadata }) => metadata.annotations?.[workspaceUIDAnnotation])).toEqual([
    one.metadata.uid,
    one.metadata.uid,
  ]);
  expect(rendered.workload.spec).toEqual((deployment as KubeObject & { spec: object }).spec);
  expect(rendered.workload.metadata.labels).toEqual({ [workspaceLabel]: 'phi' });
  expect(rendered.workload.metadata.annotations).toBeUndefined();
  expect(firstDifference(rendered.services[0]!.spec, (service as KubeObject & { spec: object }).spec)).toBeUndefined();
  const outcome = await world.ensure(one);
  expect(outcome.claims).toEqual([
    { ordinal: 0, attempt: 0, name: 'wsc0ffee0' },
    { ordinal: 1, attempt: 0, name: 'wsc0ffee1' },
  ]);
  expect(world.writes()).not.toContain('create nodeclaims');
  await world.remove(world.caches.nodeClaims, world.claims()[1]!);
  const next = await world.ensure(one);
  expect(next.claims[1]).toEqual({
    ordinal: 1,
    attempt: 1,
    name: nodeClaimName({ workspaceUID: one.metadata.uid!, ordinal: 1, attempt: 1 }),
  });
  await releaseNodes(world.caches.workspaces.get('team/phi')!, world.deps);
  expect((await world.client.list(world.caches.nodeClaims.resource)).items).toEqual([]);
});

test('claims alone are taken over too', async () => {
  const one = await world.put(world.caches.workspaces, workspace('phi'));
  await goClaim(one, 'wsonly');
  const found = (await lookForMadeElsewhere(one, world.deps))!;
  expect(await adopt(one, found, world.deps)).toBeUndefined();
  expect((await world.ensure(one)).claims).toEqual([{ ordinal: 0, attempt: 0, name: 'wsonly' }]);
});
