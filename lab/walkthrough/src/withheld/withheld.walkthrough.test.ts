// Runs in the environment of a walkthrough: node lab/walkthrough/src/withheld/main.ts
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, makeCluster } from './testing/cluster.ts';
import { commandIn } from './testing/commands.ts';

const seed = readFileSync(new URL('../../../../examples/seed.yaml', import.meta.url), 'utf8');
const name = 'workspace-mistral-7b-instruct';
const published = 'mcr.microsoft.com/aks/kaito/kaito-mistral-7b-instruct:0.0.2';
const family = 'Standard NCASv3_T4 Family';

let it: Cluster;
/** One that holds the model, as the operator has named it. */
let machine: string;

/** The seed's manifest, with other words in the place of some of it. */
function manifest(changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [before, after]) => {
    expect(text).toContain(before);
    return text.replace(before, after);
  }, seed);
}

const apply = async (text: string): Promise<string> => await it.shell('kubectl apply -f -', { input: text });
const quota = (): string => `/compute/quotas/${process.env['AZURE_SUBSCRIPTION_ID']}/westus3/${family}`;

beforeAll(async () => {
  it = await makeCluster();
  await it.admin('PUT', quota(), { limit: 0 });
  // No test waits for as long as a person may take.
  const patch = [{ op: 'add', path: '/spec/template/spec/containers/0/args/-', value: '--retry-after=1s' }];
  await it.shell(
    `kubectl patch deployment/kaito-gpu-provisioner -n kube-system --type=json -p '${JSON.stringify(patch)}'`,
  );
  await it.shell('kubectl rollout status deployment/kaito-workspace -n kube-system');
});
afterAll(() => it.close());

test('a machine type that cannot hold the model is refused, and one that can is named', async () => {
  const small = apply(manifest({ Standard_NC64as_T4_v3: 'Standard_NV12ads_A10_v5' }));
  await expect(small).rejects.toThrow(/resource\.instanceType: .* needs .* usable.*Choose machine type Standard_/);
  const refusal = String(await small.catch((error: unknown) => error));
  [, machine = ''] = /Choose machine type (Standard_\w+)/.exec(refusal)!;
});

test('the federation is missing', async () => {
  await apply(manifest({ Standard_NC64as_T4_v3: machine, ':0.0.2': ':0.0.3' }));
  const remedy = await it.remedy(name, 'FederationMissing', 'the provisioner does not run: the identity');
  await it.shell(commandIn(remedy, 'az identity federated-credential create'));
});

test('the right is missing', async () => {
  const remedy = await it.remedy(name, 'CloudRightMissing', 'lacks the right');
  await it.shell(commandIn(remedy, 'az role assignment create'));
});

test('the quota is used up', async () => {
  const remedy = await it.remedy(name, 'QuotaExceeded', family);
  expect(commandIn(remedy, 'az quota update')).toContain(`--resource-name '${family}'`);
  // The command is an extension of az, which the lab does not have: this is the portal.
  await it.admin('PUT', quota(), { limit: 64 });
});

test('the nodes may not pull from the registry', async () => {
  const remedy = await it.remedy(name, 'ImagePullUnauthorized', 'kaitolab.azurecr.io does not let');
  const command = commandIn(remedy, 'az aks update');
  expect(command).toBe('az aks update -n kaito -g KaitoLab --attach-acr kaitolab');
  await it.shell(command);
});

test('the tag is wrong', async () => {
  const remedy = await it.remedy(name, 'ImagePullNotFound', 'mistral-7b-instruct:0.0.3 does not exist');
  expect(remedy).toContain(published);
  const anew = commandIn(remedy, 'kubectl delete workspace').replace('<manifest>', '-');
  await it.shell(anew, { input: manifest({ Standard_NC64as_T4_v3: machine }) });
});

test('the image was not imported', async () => {
  const remedy = await it.remedy(name, 'ImagePullNotFound', 'mistral-7b-instruct:0.0.2 does not exist');
  await it.shell(commandIn(remedy, 'az acr import'));
  expect(await it.shell(`${commandIn(remedy, 'az acr repository show-tags')} -o tsv`)).toBe('0.0.2\n');
});

test('the model answers', async () => {
  await it.ready(name);
  const path = `/api/v1/namespaces/default/services/${name}:80/proxy/chat`;
  const answer = await it.client.raw('POST', path, {
    prompt: 'Who is Inigo Montoya?',
    generate_kwargs: { max_length: 60 },
  });
  expect(answer).toMatchObject({ Result: expect.stringMatching(/\w/) });
});

test('its machine goes with it', async () => {
  await it.shell(`kubectl delete workspace ${name}`);
  await it.gone(name, 3);
  const pools = await it.shell('az aks nodepool list -g KaitoLab --cluster-name kaito --query [].name -o tsv');
  expect(pools).toBe('nodepool1\n');
});

test('a pull Secret does where the registry is not attached', async () => {
  await it.shell('az aks update -n kaito -g KaitoLab --detach-acr kaitolab');
  const secret = ':0.0.2\n      imagePullSecrets: [pull]';
  await apply(manifest({ Standard_NC64as_T4_v3: machine, ':0.0.2': secret }));
  const remedy = await it.remedy(name, 'ImagePullUnauthorized', 'kaitolab.azurecr.io does not let');
  await expect(it.shell(commandIn(remedy, 'kubectl get secret'))).rejects.toThrow('"pull" not found');
  await it.shell(commandIn(remedy, 'az acr update'));
  await it.ready(name);
});
