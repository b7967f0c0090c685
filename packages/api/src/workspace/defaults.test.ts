import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { seedWorkspace, withInference } from '../testing/workspace-factory.ts';
import type { Workspace } from '../workspace.ts';
import { withDefaults } from './defaults.ts';

test('fills in count, accessMode and strength, and no instanceType', () => {
  const { metadata, apiVersion, kind } = seedWorkspace();
  const filled = withDefaults({
    apiVersion,
    kind,
    metadata,
    resource: { labelSelector: {} },
    inference: { preset: { name: 'phi-2' }, adapters: [{}, { strength: '0.5' }] },
  });
  expect(filled).toEqual({
    apiVersion,
    kind,
    metadata,
    resource: { labelSelector: {}, count: 1 },
    inference: {
      preset: { name: 'phi-2', accessMode: 'public' },
      adapters: [{ strength: '1.0' }, { strength: '0.5' }],
    },
  });
});

test('adds no section that is absent', () => {
  const { metadata, apiVersion, kind } = seedWorkspace();
  expect(withDefaults({ apiVersion, kind, metadata })).toEqual({ apiVersion, kind, metadata });
});

test('keeps everything that is there, and twice is as once', () => {
  fc.assert(
    fc.property(workspaceArbitrary, fc.jsonValue({ maxDepth: 2 }), (workspace, unheard) => {
      const object = { ...workspace, unheard, inference: { ...workspace.inference, unheard } } as Workspace;
      const before = structuredClone(object);
      const filled = withDefaults(object);
      expect(object).toEqual(before);
      expect(filled).toMatchObject(before);
      expect(withDefaults(filled)).toEqual(filled);
      expect(filled.resource === undefined || filled.resource.count !== undefined).toBe(true);
    }),
  );
});

test('an unknown key named __proto__ stays a key', () => {
  const object = JSON.parse('{"resource":{"labelSelector":{"matchLabels":{"__proto__":"x"}}}}') as Workspace;
  expect(JSON.stringify(withDefaults(object))).toContain('"__proto__":"x"');
});

test('a Workspace with its strength and accessMode set is left as it is', () => {
  const object = withInference({ preset: { name: 'a', accessMode: 'private' }, adapters: [{ strength: '0' }] });
  expect(withDefaults(object as unknown as Workspace).inference).toEqual(object['inference']);
});
