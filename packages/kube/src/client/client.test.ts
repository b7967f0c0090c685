import { gzipSync } from 'node:zlib';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { describe, expect, test } from 'vitest';
import { configMaps, pods } from '../resources.ts';
import type { Live } from '../resources.ts';
import { clientOf, stub } from '../testing/stub-client.ts';
import { answerJson, refuse } from '../testing/stub-server.ts';

const pod: Live<Pod> = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
const ref = { name: 'a', namespace: 'n' };
const item = (name: string) => ({ metadata: { name } });

describe('what is sent', () => {
  test('patches by their type, apply with force, dry run, field manager, impersonation', async () => {
    const server = await stub((_, response) => answerJson(response, 200, pod));
    const impersonate = { user: 'ada', groups: ['g', 'h'], extra: { 'example.org/Reason': ['r'] } };
    const client = clientOf({ ...server.config, impersonate }, { userAgent: 'me/1' });
    await client.patch(pods, ref, { type: 'merge', body: { a: null } });
    await client.patch(pods, ref, { type: 'strategic', body: {} }, { dryRun: true });
    await client.patch(pods, ref, { type: 'json', body: [] }, { subresource: 'status', fieldManager: 'f' });
    await client.apply(pods, pod, { fieldManager: 'f', fieldValidation: 'Strict' });
    await client.apply(pods, pod, { fieldManager: 'f', force: false });
    await client.delete(pods, ref, {
      preconditions: { uid: 'u' },
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
    });
    const base = '/api/v1/namespaces/n/pods/a';
    expect(server.requests.map(({ method, url, headers }) => [method, url, headers['content-type']])).toEqual([
      ['PATCH', base, 'application/merge-patch+json'],
      ['PATCH', `${base}?dryRun=All`, 'application/strategic-merge-patch+json'],
      ['PATCH', `${base}/status?fieldManager=f`, 'application/json-patch+json'],
      ['PATCH', `${base}?fieldManager=f&fieldValidation=Strict&force=true`, 'application/apply-patch+yaml'],
      ['PATCH', `${base}?fieldManager=f&force=false`, 'application/apply-patch+yaml'],
      ['DELETE', base, 'application/json'],
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'me/1',
      'impersonate-user': 'ada',
      'impersonate-group': 'g, h',
      'impersonate-extra-example.org%2freason': 'r',
    });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({ a: null });
    expect(JSON.parse(server.requests[5]!.body)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
  });

  test('what cannot be addressed is refused before it is sent', async () => {
    const client = clientOf({
      server: 'https://127.0.0.1:1',
      namespace: 'x',
      source: '',
      authorities: () => undefined,
      credentials: { current: () => ({}), refused: () => false },
    });
    expect(() => client.create(pods, { ...pod, metadata: { name: 'a' } })).toThrow('name the namespace');
    expect(() => client.replace(pods, { ...pod, metadata: { namespace: 'n' } })).toThrow('no metadata.name');
    await expect(client.deleteCollection(pods, {})).rejects.toThrow('name the namespace');
  });
});

describe('lists', () => {
  test('pages are joined, and items get what the server leaves out', async () => {
    const server = await stub((request, response) => {
      const second = request.url.includes('continue=');
      answerJson(response, 200, {
        metadata: second ? { resourceVersion: '7' } : { resourceVersion: '7', continue: 'more' },
        items: second ? [item('c')] : [item('a'), item('b')],
      });
    });
    const list = await clientOf(server.config).list(configMaps, {
      namespace: 'n',
      pageSize: 2,
      resourceVersion: '5',
      resourceVersionMatch: 'NotOlderThan',
    });
    expect(list.resourceVersion).toBe('7');
    expect(list.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['v1', 'ConfigMap', 'a'],
      ['v1', 'ConfigMap', 'b'],
      ['v1', 'ConfigMap', 'c'],
    ]);
    expect(server.requests.map(({ url }) => url.split('?')[1])).toEqual([
      'limit=2&resourceVersion=5&resourceVersionMatch=NotOlderThan',
      'limit=2&continue=more',
    ]);
  });

  test('a list that was overtaken between its pages is taken in one piece', async () => {
    const server = await stub((request, response) => {
      if (request.url.includes('continue=')) refuse(response, 410, 'Expired');
      else if (request.url.includes('limit='))
        answerJson(response, 200, { metadata: { continue: 'more' }, items: [item('a')] });
      else answerJson(response, 200, { metadata: { resourceVersion: '9' }, items: [item('x'), item('y')] });
    });
    const list = await clientOf(server.config).list(configMaps, { pageSize: 1 });
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['x', 'y']);
    expect(list.resourceVersion).toBe('9');
  });

  test('compression is asked for where the configuration says it pays, and undone', async () => {
    const server = await stub((request, response) => {
      if (request.headers['accept-encoding'] !== 'gzip') return answerJson(response, 200, pod);
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ metadata: {}, items: [item('zipped')] })));
    });
    const client = clientOf({ ...server.config, compress: true });
    expect((await client.list(configMaps)).items[0]?.metadata.name).toBe('zipped');
    await expect(client.get(pods, ref)).resolves.toEqual(pod);
  });

  test('an empty list of null is empty', async () => {
    const server = await stub((_, response) =>
      answerJson(response, 200, { metadata: { resourceVersion: '1' }, items: null }),
    );
    expect(await clientOf(server.config).list(configMaps)).toEqual({ items: [], resourceVersion: '1' });
  });
});
