import { expect, test } from 'vitest';
import { deployments, nodes, pods } from '../resources.ts';
import { objectPath, queryText, resourcePath } from './path.ts';

test.each([
  [resourcePath(pods), '/api/v1/pods'],
  [resourcePath(pods, { namespace: 'a' }), '/api/v1/namespaces/a/pods'],
  [objectPath(pods, { namespace: 'a', name: 'b' }, 'log'), '/api/v1/namespaces/a/pods/b/log'],
  [objectPath(nodes, { name: 'n' }), '/api/v1/nodes/n'],
  [objectPath(deployments, { namespace: 'a', name: 'b' }), '/apis/apps/v1/namespaces/a/deployments/b'],
  [objectPath(nodes, { name: 'system:x/../y' }), '/api/v1/nodes/system%3Ax%2F..%2Fy'],
])('%s', (path, expected) => {
  expect(path).toBe(expected);
});

test('a name that would address another path is refused', () => {
  for (const name of ['', '.', '..']) expect(() => objectPath(nodes, { name })).toThrow(TypeError);
  expect(() => objectPath(pods, { name: 'b' })).toThrow('Pod b needs a namespace');
});

test('queries leave out what is not set and escape the rest', () => {
  expect(queryText({ a: undefined })).toBe('');
  expect(queryText({ labelSelector: 'a in (b,c)', limit: 5, watch: true, x: undefined })).toBe(
    '?labelSelector=a%20in%20(b%2Cc)&limit=5&watch=true',
  );
});
