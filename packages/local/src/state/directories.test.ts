import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDirectory } from '@kaito/weights';
import { expect, test } from 'vitest';
import { WorkspacePaths, cacheDirectory, stateDirectory } from './directories.ts';

test('the state lies where the environment says, by its own variable first', () => {
  expect(stateDirectory({ KAITO_STATE: '/a', XDG_STATE_HOME: '/b' })).toBe('/a');
  expect(stateDirectory({ KAITO_STATE: '', XDG_STATE_HOME: '/b' })).toBe('/b/kaito');
  expect(stateDirectory({})).toBe(join(homedir(), '.local/state/kaito'));
});

test.each([[{}], [{ KAITO_CACHE: '/a', XDG_CACHE_HOME: '/b' }], [{ XDG_CACHE_HOME: '/b' }], [{ KAITO_CACHE: '' }]])(
  'the cache of %j is the one that the weights package uses by itself',
  (environment) => {
    expect(cacheDirectory(environment)).toBe(defaultCacheDirectory(environment));
  },
);

test.each(['..', '', 'a/b', '-a', 'A', 'a..', 'a\n', 'a'.repeat(254)])('%j is no name', (name) => {
  expect(() => new WorkspacePaths('/state', 'default', name)).toThrow(expect.objectContaining({ code: 'InvalidName' }));
  expect(() => new WorkspacePaths('/state', name, 'demo')).toThrow(expect.objectContaining({ code: 'InvalidName' }));
});
