import { describe, expect, test } from 'vitest';
import type { Session } from '../../session.ts';
import { recording } from '../../terminal/recording.ts';
import { azureOf, clusterWith, type World, worldWith } from '../testing/azure.ts';
import { setUp } from '../testing/world.ts';
import { doctor, type DoctorFlags } from './doctor.ts';

const flags = { resourceGroup: 'KaitoLab', name: 'kaito' };

async function run(world: World, more: Partial<DoctorFlags> = {}) {
  const terminal = recording(false, { KUBECONFIG: '/no/such/kubeconfig' });
  const code = await doctor({ terminal, now: () => 0 } as unknown as Session, azureOf(world), { ...flags, ...more });
  return { code, out: terminal.written.out };
}

describe('kaito azure doctor', () => {
  test('all is as setup leaves it, and what cannot be seen is said', async () => {
    const { code, out } = await run(await setUp());
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "✓ cluster:         kaito 1.33.2 in westus3: Succeeded
      ✓ oidc issuer:     https://westus3.oic.prod-aks.azure.com/t/i/
      ✓ identity:        kaito-kaito in resource group KaitoLab, client id client-of-kaito-kaito
      ✓ federation:      kaito-federated-identity lets system:serviceaccount:kaito-system:kaito-gpu-provisioner in
      ✓ rights:          what it needs on the cluster kaito, by KAITO GPU provisioner (kaito)
      ? in the cluster:  provisioner, operator, webhook and Workspaces are not looked at: There is no kubeconfig: /no/such/kubeconfig does not exist.
                         fix az aks get-credentials -g KaitoLab -n kaito

      Machines can be rented for the Workspaces of kaito. 1 could not be seen (?).
      "
    `);
  });

  test('before setup: what to run first', async () => {
    const { code, out } = await run(worldWith());
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "✓ cluster:         kaito 1.33.2 in westus3: Succeeded
      ✓ oidc issuer:     https://westus3.oic.prod-aks.azure.com/t/i/
      ✗ identity:        there is no managed identity kaito-kaito in resource group KaitoLab
                         fix kaito azure setup -g KaitoLab -n kaito
      ? in the cluster:  provisioner, operator, webhook and Workspaces are not looked at: There is no kubeconfig: /no/such/kubeconfig does not exist.
                         fix az aks get-credentials -g KaitoLab -n kaito

      1 failed. 1 could not be seen (?).
      Run first:
        kaito azure setup -g KaitoLab -n kaito
      Then look again:
        kaito azure doctor -g KaitoLab -n kaito
      "
    `);
  });

  test('a cluster that is not there; as data', async () => {
    const { code, out } = await run(worldWith(), { name: 'kaitocluster', output: 'json' });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      healthy: false,
      runFirst: expect.stringContaining('There are: kaito in KaitoLab'),
      checks: [{ name: 'cluster', state: 'failed' }],
    });
  });

  test.each([
    [{ powerState: 'Stopped' }, 'az aks start -g KaitoLab -n kaito'],
    [{ provisioningState: 'Failed' }, 'az aks update -g KaitoLab -n kaito'],
    [{ oidcIssuer: undefined }, 'az aks update -g KaitoLab -n kaito --enable-oidc-issuer'],
  ] as const)('the cluster is amiss: %j', async (fields, remedy) => {
    const { code, out } = await run(await setUp({ cluster: clusterWith(fields) }));
    expect(code).toBe(1);
    expect(out).toContain(`Run first:\n  ${remedy}\n`);
  });
});
