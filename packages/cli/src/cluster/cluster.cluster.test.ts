import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pods, silentLogger, systemClock } from '@kaito/kube';
import { kubeletStub, type TestCluster, testCluster } from '@kaito/kube/testing';
import { runProvisioner } from '@kaito/workspace/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from '../../../workspace/src/testing/operator.ts';
import { Kaito } from '../testing/kaito.ts';

const crds = ['kaito.sh_workspaces.yaml', 'karpenter.sh_nodeclaims.yaml'].map(
  (file) => new URL(`../../../../charts/kaito/files/crds/${file}`, import.meta.url).pathname,
);
const kaito = new Kaito();
const end = new AbortController();
let cluster: TestCluster;
let namespace: string;
let manifest: string;
let operator: Awaited<ReturnType<typeof startOperator>>;
let provisioner: Promise<void>;

const on = (...words: string[]) => kaito.run([...words, '--cluster', '-n', namespace]);

beforeAll(async () => {
  cluster = await testCluster();
  namespace = await cluster.namespace();
  manifest = join(kaito.directory, 'workspace.yaml');
  writeFileSync(
    manifest,
    [
      'apiVersion: kaito.sh/v1alpha1',
      'kind: Workspace',
      'metadata: {name: demo}',
      'resource: {instanceType: Standard_NC64as_T4_v3, labelSelector: {matchLabels: {apps: demo}}}',
      'inference: {preset: {name: mistral-7b-instruct}}',
    ].join('\n'),
  );
});
afterAll(async () => {
  await kaito.dispose();
  await cluster.close();
  await operator?.stop();
  end.abort();
  await provisioner;
});

test('from up to down', async () => {
  await cluster.applyCrds(crds);
  provisioner = runProvisioner({ client: cluster.client, clock: systemClock, logger: silentLogger }, end.signal);
  operator = await startOperator({ config: cluster.config });

  const asked = await on('up', '-f', manifest);
  expect(asked.code, asked.err).toBe(1);
  expect(asked.err).toContain('ConfirmationNeeded');
  expect(asked.err).toContain('1 × Standard_NC64as_T4_v3');
  expect((await on('get')).err).toContain('No Workspaces');

  const up = await on('up', '-f', manifest, '--yes', '--timeout', '60');
  expect(up.code, up.err).toBe(0);
  expect(up.out).toContain('answers inside the cluster at');
  expect(up.err).toContain('✓ NodesReady');
  const again = await on('up', '-f', manifest);
  expect(again.code, again.err).toBe(0);
  expect(again.err).toContain('is applied already');

  const got = await on('get');
  expect(got.out).toMatch(/^NAME +INSTANCE +RESOURCEREADY .*AGE\ndemo +Standard_NC64as_T4_v3 +True/);
  expect((await on('get', '-A')).out).toMatch(/^NAMESPACE/);
  expect(JSON.parse((await on('get', 'demo', '-o', 'json')).out)).toMatchObject({ kind: 'Workspace' });

  const described = await on('describe');
  expect(described.code, described.err).toBe(0);
  for (const part of ['Phases', 'Conditions', 'NodeClaims', 'Nodes', 'Pods', 'Events', 'WorkspaceReady'])
    expect(described.out).toContain(part);

  const words = ['__complete', '--', 'describe', '--cluster', '-n'];
  expect((await kaito.run([...words, namespace, ''])).out).toBe('demo\tReady\n');
  expect((await kaito.run([...words, namespace.slice(0, 8)])).out).toContain(`${namespace}\n`);

  const missing = await on('get', 'dmeo');
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('There are: demo.');

  const down = await on('down', 'demo');
  expect(down.code, down.err).toBe(0);
  expect(down.err).toContain('gives back ws');
  expect(down.out).toContain('released');
});

test('a context, a namespace and an API server that are not there', async () => {
  const context = await kaito.run(['get', '--context', 'none-such']);
  expect(context.code).toBe(1);
  expect(context.err).toContain('ContextUnknown');
  const space = await kaito.run(['up', '-f', manifest, '--yes', '--cluster', '-n', 'none-such']);
  expect(space.code, space.err).toBe(1);
  expect(space.err).toContain('kubectl create namespace none-such');
});

test('chat and logs go through the API server into a pod', async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/v1/models') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: [{ id: 'model' }] }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    for (const content of ['Blue', ', of course.'])
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    response.end('data: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cluster.after(async () => void server.close());
  const logFile = join(kaito.directory, 'main.log');
  writeFileSync(logFile, '2026-01-01T00:00:00.000000000Z stdout F it is loaded\n');
  const { port: target } = server.address() as AddressInfo;
  const { pod } = await kubeletStub(cluster, { namespace, port: 5000, target, logFile });
  await cluster.applyYaml(
    [
      'apiVersion: kaito.sh/v1beta1',
      'kind: Workspace',
      'metadata: {name: served}',
      'resource: {labelSelector: {matchLabels: {apps: no-such-node}}}',
      'inference: {preset: {name: mistral-7b-instruct}}',
    ].join('\n'),
    namespace,
  );
  const early = await on('chat', 'served', '-m', 'Why?');
  expect(early.code).toBe(1);
  expect(early.err).toContain('No pod of');
  const { client } = cluster;
  await client.patch(pods, pod, { type: 'merge', body: { metadata: { labels: { 'kaito.sh/workspace': 'served' } } } });
  const status = {
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      { name: 'main', image: 'none', imageID: '', ready: true, restartCount: 0, state: { running: {} } },
    ],
  };
  await client.patch(pods, pod, { type: 'merge', body: { status } }, { subresource: 'status' });
  const answer = await on('chat', 'served', '-m', 'What colour is the sky?');
  expect(answer.err).toBe('');
  expect(answer).toMatchObject({ code: 0, out: 'Blue, of course.\n' });
  expect(await on('logs', 'served')).toMatchObject({ code: 0, out: 'it is loaded\n' });
  expect((await on('logs', 'served', '-c', 'weights')).err).toContain('It has: main.');
});
