import { deployments, type KubeObject, leases, namespaces, nodes, pods, type Resource } from '@kaito/kube';
import { eventuallyGone, eventuallyOne } from '@kaito/kube/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeClaims, workspaces } from '../../cluster/resources.ts';
import { type Aks, aks } from './testing/aks.ts';
import { goWorkspace, installGoKaito } from './testing/go-kaito.ts';

const others = ['kaito-workspace', 'gpu-provisioner'];
let it: Aks;

beforeAll(async () => {
  it = await aks();
  await installGoKaito(it);
  await goWorkspace(it, 'phi', 'registry.example/phi:1');
});
afterAll(async () => {
  await it.close();
});

/** What must stay the same of all that the Workspace has. */
async function identities(): Promise<object> {
  const { client } = it.kube;
  const of = async (resource: Resource<KubeObject>, selection: object = {}) =>
    (await client.list(resource, selection)).items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`).toSorted();
  const team = { namespace: it.team };
  const { value } = (await it.arm('GET', `${it.id}/agentPools`, '2025-02-01')) as {
    readonly value: readonly { readonly name: string; readonly properties: { readonly eTag?: string } }[];
  };
  return {
    workspaces: await of(workspaces, team),
    claims: await of(nodeClaims),
    nodes: await of(nodes),
    deployments: await of(deployments, team),
    pods: await of(pods, team),
    pools: value.map(({ name, properties }) => `${name} ${properties.eTag}`),
  };
}

test('the place of a Go KAITO is taken, and nothing of a Workspace is made anew; then it is given back as our own', async () => {
  const before = await identities();
  expect(before).toMatchObject({ pools: expect.arrayContaining([expect.stringMatching(/^ws0a1b2c3d4 \S{8}/)]) });
  const dry = await it.command('azure', 'setup', '-g', 'KaitoLab', '-n', 'kaito', '--take-over', '--dry-run');
  expect(dry).toContain('these stay as they are');
  expect(await identities()).toEqual(before);
  await it.command('azure', 'setup', '-g', 'KaitoLab', '-n', 'kaito', '--take-over', '--yes');
  await it.rolledOut();
  await it.ready('phi');
  expect(await identities()).toEqual(before);
  // Nor when both begin anew.
  const lease = { namespace: 'kaito-system', name: 'kaito-workspace' };
  const { spec: term } = await it.kube.client.get(leases, lease);
  await it.shell('kubectl rollout restart deployment -n kaito-system');
  await it.rolledOut();
  const { leaseTransitions } = term!;
  await eventuallyOne(
    it.kube.client,
    leases,
    lease,
    ({ spec }) => spec?.leaseTransitions !== leaseTransitions && spec?.holderIdentity !== '',
  );
  expect(await identities()).toEqual(before);
  expect(await it.amiss()).toEqual([]);
  expect(await it.command('azure', 'setup', '-g', 'KaitoLab', '-n', 'kaito', '--take-over', '--dry-run')).toContain(
    'already so: Deployment kaito-workspace in namespace kaito-workspace is stopped',
  );

  await it.remove('phi');
  await eventuallyGone(it.kube.client, workspaces, { namespace: it.team, name: 'phi' });
  expect(await it.pools()).toEqual([]);
  await it.command('azure', 'teardown', '-g', 'KaitoLab', '-n', 'kaito', '--yes');
  await it.shell(`kubectl delete namespace ${others.join(' ')}`);
  for (const name of others) await eventuallyGone(it.kube.client, namespaces, { name });
});
