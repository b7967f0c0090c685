import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureAzureCli } from './azure-cli/install.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The walkthrough's commands, as the README has them. */
const walkthrough = [...readme.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1]!).join('\n');

/** A command, and what it must come to. */
interface Step {
  /** A line of shell. */
  readonly run: string;
  /** Default 0. */
  readonly code?: number;
  readonly prints?: RegExp;
}

/** What people do beside the walkthrough, and what they do wrong. */
const steps: readonly Step[] = [
  // Everyday looks.
  { run: 'az account show --query state -o tsv', prints: /^Enabled$/m },
  { run: 'az account list-locations --query "[?name==\'westus3\'].displayName" -o tsv', prints: /^West US 3$/m },
  { run: 'az provider show -n Microsoft.ContainerService --query registrationState -o tsv', prints: /^Registered$/m },
  { run: 'az provider register -n Microsoft.ContainerService --wait' },
  { run: 'az group exists -n $RG', prints: /true/ },
  { run: 'az group update -n $RG --tags team=ai --query tags.team -o tsv', prints: /^ai$/m },
  { run: 'az group list --tag team=ai --query [].name -o tsv', prints: /^KaitoLab$/m },
  { run: 'az resource list -g $RG --query [].type -o tsv', prints: /Microsoft.ContainerService\/managedClusters/ },
  { run: 'az vm list-usage -l $LOC -o table', prints: /Total Regional vCPUs/ },
  { run: 'az vm list-skus -l $LOC --size Standard_NC64as_T4_v3 -o table', prints: /Standard_NC64as_T4_v3/ },
  // Identities, roles, Graph.
  { run: 'az identity create -g $RG -n other-id --query name -o tsv', prints: /^other-id$/m },
  { run: 'az identity list -g $RG --query [].name -o tsv', prints: /^other-id$/m },
  {
    run: 'az identity federated-credential list --identity-name "${KAITO_IDENTITY_NAME}" -g "${MC_RESOURCE_GROUP}" --query [].subject -o tsv',
    prints: /^system:serviceaccount:kube-system:kaito-gpu-provisioner$/m,
  },
  {
    run: 'az identity federated-credential update --name kaito-federated-identity --identity-name "${KAITO_IDENTITY_NAME}" -g "${MC_RESOURCE_GROUP}" --issuer "${AKS_OIDC_ISSUER}" --subject system:serviceaccount:a:b --audiences api://AzureADTokenExchange',
  },
  {
    run: 'az identity federated-credential create --name twin --identity-name "${KAITO_IDENTITY_NAME}" -g "${MC_RESOURCE_GROUP}" --issuer "${AKS_OIDC_ISSUER}" --subject system:serviceaccount:a:b --audiences api://AzureADTokenExchange',
    code: 1,
    prints: /Issuer and subject combination already exists/,
  },
  { run: 'az ad sp show --id "${PRINCIPAL_ID}" --query displayName -o tsv', prints: /^ai-toolchain-operator-kaito$/m },
  // A second time is no error: az looks the assignment up.
  {
    run: 'az role assignment create --role "Contributor" --assignee "${PRINCIPAL_ID}" --scope $RG_ID --query principalId -o tsv',
  },
  {
    run: 'az role assignment list --assignee "${PRINCIPAL_ID}" --scope $RG_ID --query [].roleDefinitionName -o tsv',
    prints: /^Contributor$/m,
  },
  { run: 'az role assignment list --all -o table', prints: /Contributor/ },
  {
    run: 'az role assignment create --role Contributor --assignee 00000000-0000-4000-8000-000000000000 --scope $RG_ID',
    code: 1,
    prints: /Cannot find user or service principal in graph database/,
  },
  {
    run: 'az role assignment create --role Nonesuch --assignee "${PRINCIPAL_ID}" --scope $RG_ID',
    code: 1,
    prints: /Role 'Nonesuch' doesn't exist/,
  },
  {
    run: `az role definition create --role-definition '{"Name":"KAITO pools","Description":"pools","Actions":["Microsoft.ContainerService/managedClusters/agentPools/*"],"AssignableScopes":["'$RG_ID'"]}' --query roleName -o tsv`,
    prints: /^KAITO pools$/m,
  },
  {
    run: 'az role definition list --custom-role-only --scope $RG_ID --query [].roleName -o tsv',
    prints: /^KAITO pools$/m,
  },
  { run: 'az role definition delete --name "KAITO pools" --scope $RG_ID' },
  // The registry and the cluster.
  { run: 'az acr repository list -n $ACR_NAME -o tsv', prints: /^mistral-7b-instruct$/m },
  { run: 'az acr repository show-tags -n $ACR_NAME --repository mistral-7b-instruct -o tsv', prints: /^0\.0\.2$/m },
  { run: 'az aks nodepool list -g $RG --cluster-name $CLUSTER_NAME --query [].name -o tsv', prints: /^nodepool1$/m },
  {
    run: 'az aks nodepool add -g $RG --cluster-name $CLUSTER_NAME -n second --node-count 1 --query provisioningState -o tsv',
    prints: /^Succeeded$/m,
  },
  { run: 'az aks nodepool delete -g $RG --cluster-name $CLUSTER_NAME -n second' },
  // Errors.
  {
    run: 'az group show -n absent',
    code: 3,
    prints: /\(ResourceGroupNotFound\) Resource group 'absent' could not be found/,
  },
  { run: 'az identity show -g $RG -n absent', code: 3, prints: /\(ResourceNotFound\)/ },
  { run: 'az group create -n $RG -l eastus', code: 1, prints: /InvalidResourceGroupLocation/ },
  {
    run: 'az rest --method get --url "$KAITO_AZURE_ENDPOINT/subscriptions/$AZURE_SUBSCRIPTION_ID/providers/Microsoft.Nothing/things?api-version=2024-01-01"',
    code: 1,
    prints: /InvalidResourceNamespace/,
  },
  {
    run: 'AZURE_CONFIG_DIR=$WORK/other sh -c "$CLOUD az login --service-principal -u $KAITO_AZURE_OWNER_ID -p wrong --tenant $AZURE_TENANT_ID"',
    code: 1,
    prints: /AADSTS7000215/,
  },
  {
    run: 'AZURE_CONFIG_DIR=$WORK/other sh -c "$CLOUD az login --service-principal -u $AZURE_TENANT_ID -p wrong --tenant $AZURE_TENANT_ID"',
    code: 1,
    prints: /AADSTS700016/,
  },
  // A principal without rights.
  {
    run: 'AZURE_CONFIG_DIR=$WORK/reader sh -c "$CLOUD az login --service-principal -u $READER_ID -p $READER_SECRET --tenant $AZURE_TENANT_ID -o none && az group delete -y -n $RG"',
    code: 1,
    prints:
      /\(AuthorizationFailed\) The client .* does not have authorization to perform action 'Microsoft.Resources\/subscriptions\/resourceGroups\/delete' over scope/,
  },
  // The end of all.
  { run: 'az group delete -n $RG -y' },
  { run: 'az group list --query [].name -o tsv', prints: /^$/ },
];

/** A program that makes a principal who may only look, and one that prints the calls that were served. */
const reader = `
const body = JSON.stringify({ role: "Reader", scope: "/subscriptions/" + process.env.AZURE_SUBSCRIPTION_ID });
const headers = { "content-type": "application/json" };
fetch(process.env.KAITO_AZURE_ADMIN + "/service-principals", { method: "POST", headers, body })
  .then((answer) => answer.json())
  .then(({ appId, secret }) => console.log("READER_ID=" + appId + " READER_SECRET=" + secret));`;
const served = `fetch(process.env.KAITO_AZURE_ADMIN + "/requests").then((answer) => answer.text()).then(console.log)`;

/** Runs the walkthrough, then each step, and writes down what came of it. */
function script(work: string): string {
  const cloud =
    'CLOUD=; [ "$KAITO_AZURE_NAMES" = public ] || CLOUD="az cloud register -n Other --endpoint-resource-manager $KAITO_AZURE_ENDPOINT 2>/dev/null; az cloud set -n Other;"';
  const lines = steps.map(
    ({ run }, index) => `( ${run}\n) > ${work}/${index}.out 2>&1; echo $? > ${work}/${index}.code`,
  );
  return [
    `export WORK=${work} HOME=${work} KUBECONFIG=${work}/kubeconfig`,
    `( set -e; ${walkthrough}\nexport -p > ${work}/variables; set | grep -E '^(RG|LOC|ACR_NAME|CLUSTER_NAME)=' >> ${work}/variables ) > ${work}/walkthrough.out 2>&1; echo $? > ${work}/walkthrough.code`,
    `. ${work}/variables`,
    cloud,
    `eval "$('${process.execPath}' -e '${reader}')"`,
    'export CLOUD RG',
    ...lines,
    `'${process.execPath}' -e '${served}' > ${work}/requests.json`,
  ].join('\n');
}

beforeAll(async () => {
  await ensureAzureCli((line) => process.stderr.write(`${line}\n`));
}, 1_200_000);

describe.each(['local', 'public'])('the real az, with %s names', (names) => {
  const work = mkdtempSync(join(tmpdir(), 'kaito-az-'));
  const read = (file: string): string => readFileSync(join(work, file), 'utf8');

  beforeAll(async () => {
    writeFileSync(join(work, 'script.sh'), script(work));
    const flags = ['run', '--login', '--names', names, '--kubernetes', 'none', '--operation-seconds', '0.2'];
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, ...flags, '--', 'bash', join(work, 'script.sh')],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  }, 1_200_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  test('every command of the walkthrough succeeds', () => {
    expect([read('walkthrough.code').trim(), read('walkthrough.out')]).toEqual([
      '0',
      expect.not.stringContaining('ERROR'),
    ]);
    expect(read('kubeconfig')).toContain('clusterUser_KaitoLab_kaito');
  });

  test.each(steps.map((step, index) => [step.run, step, index] as const))('%s', (_, { code = 0, prints }, index) => {
    const output = read(`${index}.out`);
    expect({ code: Number(read(`${index}.code`)), output }).toMatchObject({ code });
    if (prints !== undefined) expect(output).toMatch(prints);
  });

  test('nothing was answered by a defect, and nobody was sent elsewhere', () => {
    const served = JSON.parse(read('requests.json')) as { status: number; host: string; path: string }[];
    expect(served.length).toBeGreaterThan(100);
    expect(served.filter(({ status }) => status >= 500)).toEqual([]);
  });
});
