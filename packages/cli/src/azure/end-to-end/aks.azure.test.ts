import { isTrue } from '@kaito/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Aks, aks } from './testing/aks.ts';

let it: Aks;
beforeAll(async () => {
  it = await aks();
});
afterAll(() => it.close());

test('setup installs KAITO by Helm, and its pods run', async () => {
  const out = await it.command('azure', 'setup', '-g', 'KaitoLab', '-n', 'kaito', '--yes', '--install');
  console.log(out);
  await it.shell(
    'kubectl rollout status deployment/kaito-workspace deployment/kaito-gpu-provisioner -n kaito-system --timeout=60s',
  );
  console.log(await it.shell('kubectl get pods,nodes -A -o wide'));
  console.log((await it.kaito('doctor')).out);
  await it.shell(`kubectl apply -n ${it.team} -f - <<END
apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata:
  name: mistral
resource:
  instanceType: Standard_NC64as_T4_v3
  labelSelector:
    matchLabels:
      apps: mistral
inference:
  preset:
    name: mistral-7b-instruct
    presetOptions:
      image: ${it.registry.loginServer}/mistral-7b-instruct:0.0.2
END`);
  const w = await it.workspace('mistral', ({ status }) => isTrue(status?.conditions, 'WorkspaceReady'));
  console.log(JSON.stringify(w.status, null, 1), await it.pools());
  console.log((await it.kaito('doctor')).out);
  await it.remove('mistral');
  expect(await it.pools()).toEqual([]);
});
