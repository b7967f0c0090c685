import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { splitCommands } from '../story/commands.ts';
import { readChapters } from '../story/chapters.ts';
import { seedStory } from './seed.ts';

const page = await readFile(new URL('../../../../docs/seed.md', import.meta.url), 'utf8');
const { steps } = await seedStory();

/** Lines that say something, without the marks of comments. */
const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/^#\s*/, '').trimEnd())
    .filter((line) => line !== '');

test('every command of the seed, in its order, its terminal and its manner', () => {
  const told = steps.map(({ number, terminal, manner, command, added }) =>
    [number, terminal, manner.kind, added ? 'added' : '', command.split('\n')[0]!.slice(0, 60)]
      .filter((part) => part !== '')
      .join(' '),
  );
  expect(told).toEqual([
    '1 1 once RG=KaitoLab',
    '2 1 once LOC=westus3',
    '3 1 once ACR_NAME=kaitolab',
    '4 1 once CLUSTER_NAME=kaito',
    '5 1 once az group create -n $RG -l $LOC',
    '6 1 once az acr create -g $RG -n $ACR_NAME --sku Standard',
    '7 1 once az aks create \\',
    '8 1 once az aks get-credentials -g $RG -n $CLUSTER_NAME',
    '9 1 once export RG_ID=$(az group show -n $RG -o tsv --query id)',
    '10 1 once export MC_RESOURCE_GROUP=$(az aks show --resource-group ${RG',
    '11 1 once export KAITO_IDENTITY_NAME="ai-toolchain-operator-${CLUSTER_',
    '12 1 once export PRINCIPAL_ID=$(az identity show --name "${KAITO_IDENT',
    '13 1 once az role assignment create --role "Contributor" --assignee "$',
    '14 1 once export AKS_OIDC_ISSUER=$(az aks show --resource-group "${RG}',
    '15 1 once az identity federated-credential create --name "kaito-federa',
    '16 1 repeated kubectl get pods -l app=ai-toolchain-operator -n kube-system',
    '17 1 once kubectl rollout restart deployment/kaito-gpu-provisioner -n ',
    '18 1 repeated kubectl get pods -l app=ai-toolchain-operator -n kube-system',
    '19 1 once MODELNAME=mistral-7b-instruct',
    '20 1 once TAG="0.0.2"',
    '21 1 beside az acr import -g $RG --name $ACR_NAME --source  mcr.microsof',
    '22 2 once RG=KaitoLab',
    '23 2 once CLUSTER_NAME=kaitocluster',
    '24 2 once ACR_NAME=kaitolab',
    '25 2 mistaken az aks update -g $RG -n $CLUSTER_NAME --attach-acr $ACR_NAME',
    '26 1 once MACHINE_SIZE=Standard_NC64as_T4_v3',
    '27 1 once cat <<EOF >${MODELNAME}-${TAG}.yaml',
    '28 3 beside kubectl logs -f -l app=ai-toolchain-operator -n kube-system',
    '29 1 once kubectl apply -f ${MODELNAME}-${TAG}.yaml',
    '30 1 watched watch kubectl get workspace,nodes,svc,pods',
    "31 1 once added kubectl get pods -o jsonpath='{.items[*].spec.containers[*].",
    `32 1 once CLUSTERIP=$(kubectl get svc workspace-\${MODELNAME} -o jsonpa`,
    '33 1 repeated kubectl run -it --rm --restart=Never curl --image=curlimages',
  ]);
});

test('nothing of a block is lost: comments and commands are all of it', () => {
  for (const block of readChapters(page).flatMap(({ blocks }) => blocks)) {
    const whole = splitCommands(block).flatMap(({ text, comment }) => [
      ...(comment === '' ? [] : comment.split('\n')),
      text,
    ]);
    expect(lines(whole.join('\n'))).toEqual(lines(block));
  }
});

test('the import runs beside the attach, and the logs beside the watch', () => {
  const until = steps.flatMap(({ number, manner }) =>
    manner.kind === 'beside' ? [[number, manner.until, manner.end]] : [],
  );
  expect(until).toEqual([
    [21, 25, 'await'],
    [28, 30, 'interrupt'],
  ]);
});

test('the mistake of the page is known by the error that Azure gives', () => {
  const { manner } = steps.find(({ command }) => command.startsWith('az aks update'))!;
  if (manner.kind !== 'mistaken') throw new Error(manner.kind);
  const error = `(ResourceNotFound) The Resource 'Microsoft.ContainerService/managedClusters/kaitocluster' under resource group 'KaitoLab' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix
Code: ResourceNotFound`;
  expect(manner.sight.seen(error)).toBe(true);
  expect(manner.sight.seen(error.replace('kaitocluster', 'kaito'))).toBe(false);
});
