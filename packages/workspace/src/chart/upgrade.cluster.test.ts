import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTrue } from '@kaito/api';
import {
  clusterRoles,
  customResourceDefinitions,
  daemonSets,
  deployments,
  isNotFound,
  type KubeObject,
  pods,
  type Resource,
  secrets,
  validatingWebhookConfigurations,
} from '@kaito/kube';
import { eventually, eventuallyGone } from '@kaito/kube/testing';
import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Live } from '../cache/caches.ts';
import { workspaces } from '../cache/resources.ts';
import { chart, helm, kubectl, objectsOf, run } from './testing/helm.ts';
import { isReady, releaseName, testRelease, type TestRelease } from './testing/release.ts';

const webhook = { name: 'validation.workspace.kaito.sh' };
const workspaceCrd = { name: 'workspaces.kaito.sh' };
const nodeClaimCrd = { name: 'nodeclaims.karpenter.sh' };

/** Fifty machines and pods are simulated by the same processors that run everything else. */
const deadlineMs = 150_000;

const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
const releaseNamespaceOf = ({ metadata }: KubeObject): string =>
  metadata.annotations?.['meta.helm.sh/release-namespace'] ?? '';

let release: TestRelease;
/** The namespace of the release that has brought the CRD of NodeClaim; empty: nobody's, undefined: there was none. */
let broughtFrom: string | undefined;

beforeAll(async () => {
  release = await testRelease();
  const before = await release.cluster.client.list(customResourceDefinitions, byName(nodeClaimCrd.name));
  broughtFrom = before.items.map(releaseNamespaceOf)[0];
  // The CRDs may be here already, made by nobody's release.
  await release.upgrade(await olderChart(), '--take-ownership');
  await release.startOperator();
});

afterAll(async () => {
  await release.close();
});

/** As an older version of the chart: its CRD of Workspace shows no age. */
async function olderChart(): Promise<string> {
  const older = join(release.folder, 'kaito');
  await cp(chart, older, { recursive: true });
  const file = join(older, 'files/crds/kaito.sh_workspaces.yaml');
  const [crd] = objectsOf(await readFile(file, 'utf8')) as unknown as readonly [
    { readonly spec: { readonly versions: { additionalPrinterColumns: { readonly name: string }[] }[] } },
  ];
  for (const version of crd.spec.versions)
    version.additionalPrinterColumns = version.additionalPrinterColumns.filter(({ name }) => name !== 'Age');
  await writeFile(file, JSON.stringify(crd));
  return older;
}

const phi = (name: string): string => `
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: ${name}}
resource: {instanceType: Standard_NC4as_T4_v3, labelSelector: {matchLabels: {apps: phi-2}}}
inference: {preset: {name: phi-2}}
`;

const columnsOf = async (): Promise<readonly string[]> => {
  const { spec } = await release.cluster.client.get(customResourceDefinitions, workspaceCrd);
  return spec.versions.find(({ storage }) => storage)!.additionalPrinterColumns!.map(({ name }) => name);
};

const caBundlesOf = ({ webhooks = [] }: Live<ValidatingWebhookConfiguration>): readonly string[] =>
  webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? '');

/** What the operator has written of its webhook. */
async function certificates() {
  const secret = await release.cluster.client.get(secrets, {
    namespace: release.system,
    name: 'workspace-webhook-cert',
  });
  return {
    caBundles: caBundlesOf(await release.cluster.client.get(validatingWebhookConfigurations, webhook)),
    secret: secret.data,
  };
}

test(
  'an upgrade under fifty ready Workspaces restarts none of their pods',
  async () => {
    expect(await columnsOf()).not.toContain('Age');
    const { client } = release.cluster;
    const names = Array.from({ length: 50 }, (_, at) => `ws-${at}`);
    await release.apply(names.map((name) => phi(name)).join('---'));
    const watched = { client, resource: workspaces, namespace: release.team };
    await eventually(watched, (all) => all.length === names.length && all.every(isReady), deadlineMs);
    const podsOf = async () =>
      (await client.list(pods, { namespace: release.team, labelSelector: 'kaito.sh/workspace' })).items
        .map(({ metadata: { name, uid, deletionTimestamp } }) => ({ name, uid, deletionTimestamp }))
        .toSorted((a, b) => (a.name! < b.name! ? -1 : 1));
    const before = { pods: await podsOf(), ...(await certificates()) };
    expect(before.pods).toHaveLength(names.length);
    // Nobody mends meanwhile what the upgrade might break.
    await release.stopOperator();

    const values = '--set=operator.presetRegistry=registry.example/elsewhere,operator.logLevel=debug';
    await release.upgrade(chart, '--reset-then-reuse-values', values);
    expect(await columnsOf()).toContain('Age');
    const crd = await client.get(customResourceDefinitions, nodeClaimCrd);
    expect(releaseNamespaceOf(crd)).toBe(broughtFrom ?? release.system);
    expect(await certificates()).toEqual({ caBundles: before.caBundles, secret: before.secret });

    await release.startOperator();
    await release.apply(phi('later'));
    // Made after the start: the others have been looked at before it.
    await release.ready('later');
    await eventually(watched, (all) =>
      all.every(({ metadata, status }) => metadata.name === 'later' || isTrue(status?.conditions, 'UpdateAvailable')),
    );
    const served = await client.get(deployments, { namespace: release.team, name: 'later' });
    expect(served.spec!.template.spec!.containers[0]!.image).toMatch(/^registry\.example\/elsewhere\//);
    expect((await podsOf()).filter(({ name }) => !name!.startsWith('later'))).toEqual(before.pods);
  },
  2 * deadlineMs,
);

test('the caBundle stays where others apply the objects', async () => {
  const manifest = await helm('get', 'manifest', releaseName, `--namespace=${release.system}`);
  const configuration = JSON.stringify(
    objectsOf(manifest).find(({ kind }) => kind === 'ValidatingWebhookConfiguration'),
  );
  const { caBundles } = await certificates();
  for (const how of [[], ['--server-side', '--force-conflicts']]) {
    const applied = await run('kubectl', ['apply', '--dry-run=server', '-o', 'json', '-f', '-', ...how], configuration);
    expect(caBundlesOf(JSON.parse(applied) as Live<ValidatingWebhookConfiguration>)).toEqual(caBundles);
  }
  expect(caBundles.every((each) => each !== '')).toBe(true);
});

test('a NodeClaim CRD that another brings is used', async () => {
  const other = ['install', 'other', chart, `--namespace=${release.team}`, '--dry-run=server', '--take-ownership'];
  const manifest = await helm(...other);
  expect(manifest).toContain('name: workspaces.kaito.sh');
  expect(manifest).not.toContain('name: nodeclaims.karpenter.sh');
});

test('the release goes, leaves the CRDs and the Workspaces, and comes back to them', async () => {
  const { client } = release.cluster;
  await kubectl('delete', 'workspaces', '--all', `--namespace=${release.team}`);
  await release.apply(phi('kept'));
  await release.ready('kept');
  await release.stopOperator();
  await helm('uninstall', releaseName, `--namespace=${release.system}`, '--wait');
  for (const name of [workspaceCrd, nodeClaimCrd]) await client.get(customResourceDefinitions, name);
  const kept = { namespace: release.team, name: 'kept' };
  expect(isReady(await client.get(workspaces, kept))).toBe(true);
  for (const [kind, ref] of [
    [clusterRoles, { name: 'kaito-workspace' }],
    [validatingWebhookConfigurations, webhook],
    [secrets, { namespace: release.system, name: 'workspace-webhook-cert' }],
    [daemonSets, { namespace: 'kube-system', name: 'nvidia-device-plugin-daemonset' }],
  ] as const)
    await expect(client.get(kind as Resource, ref)).rejects.toSatisfy(isNotFound);

  // And comes back: the CRDs are still its own.
  await release.upgrade(chart);
  await release.startOperator();
  await kubectl('delete', 'workspace', 'kept', `--namespace=${release.team}`);
  await eventuallyGone(client, workspaces, kept);
});
