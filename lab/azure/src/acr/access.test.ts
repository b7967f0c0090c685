import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, isRepositoryName, parseScopes } from './access.ts';
import { readMetadataRequest } from './metadata.ts';
import { readDistributionRequest } from './requests.ts';

describe('scopes', () => {
  test('name repositories and the catalog, in one parameter or several', () => {
    expect(parseScopes(['repository:team/app:pull,push registry:catalog:*', 'repository:b:metadata_read'])).toEqual([
      { type: 'repository', name: 'team/app', actions: ['pull', 'push'] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
      { type: 'repository', name: 'b', actions: ['metadata_read'] },
    ]);
    expect(parseScopes([])).toEqual([]);
  });

  test.each(['repository:Team/App:pull', 'repository:../x:pull', 'repository:a', 'blob:a:pull', 'repository:a:b:c:d'])(
    '%s is none',
    (scope) => {
      expect(parseScopes([scope])).toBeUndefined();
    },
  );

  test('cover what is wanted of the very same thing alone', () => {
    const granted = [{ type: 'repository', name: 'a', actions: ['pull', 'push'] }];
    expect(covers(granted, { type: 'repository', name: 'a', actions: ['pull'] })).toBe(true);
    expect(covers(granted, { type: 'repository', name: 'a/b', actions: ['pull'] })).toBe(false);
    expect(covers(granted, { type: 'registry', name: 'a', actions: ['pull'] })).toBe(false);
    expect(covers(granted, { type: 'repository', name: 'a', actions: ['pull', 'delete'] })).toBe(false);
  });
});

describe('what a request needs', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  test.each([
    ['GET', '/v2/team/app/manifests/1.0', 'manifest', 'pull'],
    ['HEAD', `/v2/team/app/blobs/${digest}`, 'blob', 'pull'],
    ['POST', '/v2/team/app/blobs/uploads/', 'upload', 'push'],
    ['PATCH', '/v2/team/app/blobs/uploads/2f1c-9', 'upload', 'push'],
    ['GET', '/v2/team/app/blobs/uploads/2f1c-9', 'upload', 'push'],
    ['PUT', '/v2/team/app/manifests/1.0', 'manifest', 'push'],
    ['DELETE', `/v2/team/app/manifests/${digest}`, 'manifest', 'delete'],
    ['DELETE', `/v2/team/app/blobs/${digest}`, 'blob', 'delete'],
    ['GET', '/v2/team/app/tags/list', 'tags', 'metadata_read'],
    ['GET', `/v2/team/app/referrers/${digest}`, 'referrers', 'pull'],
    ['GET', '/v2/team%2Fapp/manifests/1.0', 'manifest', 'pull'],
  ])('%s %s', (method, path, kind, action) => {
    expect(readDistributionRequest(method, path)).toMatchObject({
      kind,
      needs: { type: 'repository', name: 'team/app', actions: [action] },
    });
  });

  test.each([
    ['GET', '/acr/v1/team%2Fapp', 'repository', 'metadata_read'],
    ['DELETE', '/acr/v1/team/app', 'repository', 'delete'],
    ['GET', '/acr/v1/team/app/_tags', 'tags', 'metadata_read'],
    ['DELETE', '/acr/v1/team/app/_tags/1', 'tag', 'delete'],
    ['GET', '/acr/v1/team/app/_manifests', 'manifests', 'metadata_read'],
    ['GET', `/acr/v1/team/app/_manifests/${digest}`, 'manifest', 'metadata_read'],
  ])('%s %s', (method, path, kind, action) => {
    expect(readMetadataRequest(method, path)).toMatchObject({
      kind,
      needs: { type: 'repository', name: 'team/app', actions: [action] },
    });
  });

  test.each(['/v2/a/../b/manifests/1', '/v2/a%2F..%2Fb/manifests/1', '/v2/%zz', '/v2/a/manifests/1/2', '/etc/passwd'])(
    '%s is no address of a registry',
    (path) => {
      expect(readDistributionRequest('GET', path)).toBeUndefined();
      expect(readMetadataRequest('GET', path)).toBeUndefined();
    },
  );

  test('whatever the address, what is checked is a name, and is what is asked for', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '%2e%2e', '%2F', 'a', 'A', '_', 'manifests', 'blobs', '%00'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), (pieces) => {
        const read = readDistributionRequest('GET', `/v2/${pieces.join('/')}/manifests/1`);
        if (read?.kind !== 'manifest') return;
        expect(isRepositoryName(read.repository)).toBe(true);
        expect(read.path).toBe(`/v2/${read.repository}/manifests/${read.reference}`);
      }),
    );
  });
});
