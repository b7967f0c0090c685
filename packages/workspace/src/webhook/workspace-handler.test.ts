import { workspaceArbitrary } from '@kaito/api/testing';
import { loadCatalog } from '@kaito/catalog';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asked } from './testing/ask.ts';
import { withPreset, withResource, withTemplate, workspaceWith } from './testing/workspaces.ts';
import { workspaceHandler } from './workspace-handler.ts';

const catalog = loadCatalog();
const options = { catalog, presetRegistry: 'mcr.microsoft.com/aks/kaito' };
const handler = workspaceHandler(options);
const annotated = (annotations: Record<string, string>) => workspaceWith({ metadata: { name: 'phi', annotations } });

/** What today's rules refuse, in every section; as an operator with other rules may have admitted it. */
const old = workspaceWith({
  metadata: { name: 'phi.two' },
  resource: { instanceType: 'Standard_NV6ads_A10_v5', labelSelector: { matchLabels: { 'kaito.sh/workspace': 'x' } } },
  inference: { preset: { name: 'falcon-40b' }, config: 'settings' },
});

test('refuses it when it is new', () => {
  const { allowed, causes } = asked(handler, old);
  expect(allowed).toBe(false);
  expect(causes?.map(({ field }) => field)).toEqual(['metadata.name', 'resource.labelSelector', 'inference.config']);
});

describe('an object that was admitted under other rules', () => {
  test.each<[string, Record<string, unknown>]>([
    ['labels', { labels: { team: 'a' } }],
    ['annotations', { annotations: { 'example.com/note': 'x' } }],
    ['finalizers', { finalizers: ['workspace.finalizer.kaito.sh'] }],
    ['owners', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'b' }] }],
    ['what the API server writes', { managedFields: [{ manager: 'kubectl' }], generation: 2, resourceVersion: '9' }],
  ])('takes other %s', (_, fields) => {
    const object = { ...old, metadata: { name: 'phi.two', ...fields } };
    expect(asked(handler, object, { oldObject: old })).toEqual({ allowed: true, warnings: [] });
  });

  test('takes a status, and asks nothing about it', () => {
    const object = { ...old, status: { conditions: 'nonsense' } };
    expect(asked(handler, object, { oldObject: old }).allowed).toBe(true);
    expect(asked(handler, object, { oldObject: old, subResource: 'status' })).toEqual({ allowed: true });
  });

  test('is let go: finalizers may always be removed', () => {
    const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const before = { ...old, metadata: { name: 'phi.two', finalizers: ['a'], ...deleting } };
    const after = { ...old, metadata: { name: 'phi.two', ...deleting } };
    expect(asked(handler, after, { oldObject: before })).toEqual({ allowed: true });
  });

  test('may change what can change, and is told what is wrong', () => {
    const { resource } = old as { resource: Record<string, unknown> };
    const object = { ...old, resource: { ...resource, preferredNodes: ['a'] } };
    const { allowed, warnings } = asked(handler, object, { oldObject: old });
    expect(allowed).toBe(true);
    expect(warnings!.join('\n')).toMatch(/inference\.config.*not read/);
  });

  test('may change although its plan does not fit any more, and not into another fault', () => {
    const tight = withPreset(
      { name: 'mistral-7b-instruct' },
      { resource: { instanceType: 'Standard_NV6ads_A10_v5', labelSelector: {} } },
    );
    expect(asked(handler, tight).allowed).toBe(false);
    const { resource } = tight as { resource: Record<string, unknown> };
    const moved = { ...tight, resource: { ...resource, preferredNodes: ['a'] } };
    const { allowed, warnings } = asked(handler, moved, { oldObject: tight });
    expect({ allowed, warnings }).toEqual({
      allowed: true,
      warnings: [expect.stringMatching(/^resource\.instanceType: /)],
    });
    const template = withTemplate({ gpus: 1 });
    const greedy = withTemplate({ gpus: 8 });
    expect(asked(handler, greedy, { oldObject: template }).message).toMatch(/asks for 8 GPUs/);
  });

  test('is still refused for a fault that the change brings', () => {
    const { inference } = old as { inference: Record<string, unknown> };
    const object = { ...old, inference: { ...inference, adapters: [{ source: {} }] } };
    expect(
      asked(handler, object, { oldObject: old }).causes?.every(({ field }) => field?.startsWith('inference.adapters')),
    ).toBe(true);
    const relabelled = { ...old, metadata: { name: 'phi.two', labels: { team: 'not a value' } } };
    expect(asked(handler, relabelled, { oldObject: old }).message).toMatch(/no label value/);
  });
});

test('an unchanged object is always let through, whatever it is', () => {
  const anything = fc.anything({ withNullPrototype: false });
  const strange = fc
    .record({ resource: anything, inference: anything, tuning: anything, status: anything, extra: anything })
    .map((sections) => workspaceWith(sections));
  fc.assert(
    fc.property(fc.oneof(workspaceArbitrary, strange), (object) => {
      expect(asked(handler, structuredClone(object), { oldObject: object }).allowed).toBe(true);
    }),
    { numRuns: 300, seed: 4 },
  );
});

test('never throws and always explains itself, whatever is sent', () => {
  const anything = fc.anything({ withNullPrototype: true });
  const strange = fc
    .record(
      { metadata: anything, resource: anything, inference: anything, tuning: anything, status: anything },
      { requiredKeys: [] },
    )
    .map((sections) => ({ ...workspaceWith(), ...sections }));
  fc.assert(
    fc.property(strange, fc.option(strange, { nil: undefined }), (object, oldObject) => {
      const { allowed, message, warnings } = asked(handler, object, oldObject === undefined ? {} : { oldObject });
      if (!allowed) expect(message).toMatch(/^validation failed: \S/);
      for (const warning of warnings ?? []) expect(warning.length).toBeLessThanOrEqual(256);
    }),
    { numRuns: 500, seed: 4 },
  );
});

test('asks nothing about a deletion, nor about other sub-resources', () => {
  expect(asked(handler, null, { operation: 'DELETE', oldObject: old })).toEqual({ allowed: true });
  expect(asked(handler, {}, { operation: 'CONNECT' })).toEqual({ allowed: true });
  expect(asked(handler, old, { subResource: 'scale' })).toEqual({ allowed: true });
});

test('a create without an object is refused', () => {
  expect(asked(handler, null).message).toBe(
    'validation failed: The request holds no Workspace. Send the whole object.',
  );
});

test.each([90, 110, 3_000])('refuses what is nested deeper than a hundred levels: %i', (depth) => {
  const nested = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
  const object = withTemplate({ spec: { containers: [{ name: 'main', image: 'registry.example.com/m:1', nested }] } });
  const { allowed, causes } = asked(handler, object);
  expect({ allowed, causes: causes?.map(({ reason }) => reason) }).toEqual(
    depth < 100 ? { allowed: true, causes: undefined } : { allowed: false, causes: ['TooDeep'] },
  );
  // One that was stored all the same can still be changed, and so be mended.
  expect(asked(handler, object, { oldObject: object }).allowed).toBe(true);
});

test('plans with the images of the registry that is configured', () => {
  expect(asked(handler, workspaceWith())).toEqual({ allowed: true, warnings: [] });
});

describe('an update may empty the machine type', () => {
  const emptied = withResource({ instanceType: '' });

  test('only where nothing is rented', () => {
    expect(asked(handler, emptied, { oldObject: workspaceWith() }).message).toMatch(
      /^validation failed: resource\.instanceType cannot change/,
    );
    const existing = workspaceHandler({ ...options, existingNodesOnly: true });
    expect(asked(existing, emptied, { oldObject: workspaceWith() }).allowed).toBe(true);
  });
});

describe('warnings', () => {
  test('an address outside the cluster', () => {
    const { allowed, warnings } = asked(handler, annotated({ 'kaito.sh/enablelb': 'True' }));
    expect(allowed).toBe(true);
    expect(warnings).toEqual([
      'metadata.annotations["kaito.sh/enablelb"]: anyone on the internet can use the endpoint without signing in. Add kaito.sh/internal-lb: "True", or use an Ingress with authentication.',
    ]);
  });

  test('an address inside the virtual network is another matter', () => {
    const { warnings } = asked(handler, annotated({ 'kaito.sh/enablelb': 'True', 'kaito.sh/internal-lb': 'True' }));
    expect(warnings!.join('\n')).toMatch(/anyone in the virtual network/);
    expect(warnings!.join('\n')).not.toMatch(/internet/);
  });

  test('an annotation that does nothing', () => {
    const { warnings } = asked(handler, annotated({ 'kaito.sh/enablelb': 'true' }));
    expect(warnings).toEqual([expect.stringMatching(/only "True", so spelt/)]);
  });

  test('come when annotations change, and not at each update of something else', () => {
    const exposed = annotated({ 'kaito.sh/enablelb': 'True' });
    expect(asked(handler, exposed, { oldObject: workspaceWith() }).warnings).toHaveLength(1);
    const held = { ...exposed, metadata: { ...(exposed['metadata'] as object), finalizers: ['a'] } };
    expect(asked(handler, held, { oldObject: exposed }).warnings).toEqual([]);
  });

  test('an estimate that is overridden', () => {
    const object = withPreset(
      { name: 'mistral-7b-instruct' },
      {
        metadata: { name: 'phi', annotations: { 'kaito.sh/bypass-resource-checks': 'true' } },
        resource: { instanceType: 'Standard_NV6ads_A10_v5', labelSelector: {} },
      },
    );
    const { allowed, warnings } = asked(handler, object);
    expect(allowed).toBe(true);
    expect(warnings).toEqual(expect.arrayContaining([expect.stringMatching(/^resource\.instanceType: .*GiB/)]));
  });
});
