import type { AgentPool } from '@kaito/azure';
import { expect, test } from 'vitest';
import { Failure } from '../../failure.ts';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { audience } from '../names.ts';
import { azureOf, clusterWith, identityWith, type World } from '../testing/azure.ts';
import { setUp } from '../testing/world.ts';
import { teardown, type TeardownFlags } from './teardown.ts';

async function run(world: World, flags: Partial<TeardownFlags> = {}) {
  const terminal = recording(false, { KUBECONFIG: '/no/such/kubeconfig' });
  const session = { terminal, now: () => 0 } as unknown as Session;
  const all = { resourceGroup: 'KaitoLab', name: 'kaito', yes: true, ...flags };
  const outcome = await teardown(session, azureOf(world), all).catch((error: unknown) => error);
  return { outcome, out: terminal.written.out };
}

const pool = (name: string, properties: AgentPool['properties']): AgentPool => ({ id: name, name, properties });

test('all that setup has made goes, once', async () => {
  const world = await setUp();
  const { outcome, out } = await run(world);
  expect(outcome).toBe(0);
  expect(world.changes).toEqual([
    'unassign assignment-0',
    'delete federation kaito-kaito/kaito-federated-identity',
    'delete role KAITO-GPU-provisioner-(kaito)',
    'delete identity KaitoLab/kaito-kaito',
  ]);
  expect(out).toContain('$ az role assignment delete --ids assignment-0');
  world.changes.length = 0;
  expect((await run(world)).out).toContain('There is nothing to do.');
  expect(world.changes).toEqual([]);
});

test('what setup has not made stays', async () => {
  const world = await setUp();
  const others = { name: 'ci', issuer: 'https://ci/', subject: 'repo:x', audiences: [audience] };
  world.federated.set('kaito-kaito', [...world.federated.get('kaito-kaito')!, others]);
  const principalId = 'principal-of-kaito-kaito';
  world.assignments.push({
    id: 'theirs',
    scope: world.cluster.id,
    principalId,
    roleDefinitionId: '/x/AcrPull',
    conditional: false,
  });
  const { out } = await run(world);
  expect(world.assignments.map(({ id }) => id)).toEqual(['theirs']);
  expect(world.identities).toHaveLength(1);
  expect(out).toContain('kaito-kaito stays: it has 1 other federated credential');
});

test('an identity of that name that setup has not made stays', async () => {
  const world = await setUp({}, identityWith('kaito-kaito'));
  const { out } = await run(world);
  expect(world.identities).toHaveLength(1);
  expect(out).toContain(
    'kaito-kaito stays: it has no tag that says that setup made it; to delete it: az identity delete',
  );
});

test("the managed add-on's identity stays", async () => {
  const world = await setUp({}, identityWith('ai-toolchain-operator-kaito', 'MC_KaitoLab_kaito_westus3'));
  world.cluster = clusterWith({ aiToolchainOperator: true });
  const { out } = await run(world);
  expect(world.identities).toHaveLength(1);
  expect(out).toContain("stays: it is of AKS' managed add-on");
});

test('it is refused while machines of KAITO are there, and their bill is named', async () => {
  const world = await setUp();
  world.pools = [
    pool('nodepool1', { vmSize: 'Standard_D4s_v5', count: 3 }),
    pool('ws0a1b2c3d4', { vmSize: 'Standard_NC64as_T4_v3', count: 1, tags: { 'kaito.sh_nodeclaim-uid': 'u' } }),
    pool('wsgo', { vmSize: 'Standard_Unheard_Of', nodeLabels: { 'kaito.sh/workspace': 'w' } }),
  ];
  const { outcome } = await run(world);
  expect(outcome).toBeInstanceOf(Failure);
  expect((outcome as Failure).findings[0]).toMatchObject({
    code: 'MachinesLeft',
    remedy: expect.stringContaining('--leave-machines'),
  });
  expect((outcome as Failure).message).toMatch(
    /cost \d+\.\d\d USD\/h and 1 whose price is not known: ws0a1b2c3d4 \(Standard_NC64as_T4_v3, 1 machine\), wsgo/,
  );
  expect(world.changes).toEqual([]);
  const told = await run(world, { leaveMachines: true });
  expect(told.outcome).toBe(0);
  expect(told.out).toContain('note: agent pools of KAITO are there');
});
