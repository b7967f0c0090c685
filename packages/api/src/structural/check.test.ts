import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeClaimSchema, nodeClassSchema, workspaceSchema } from '../schema/index.ts';
import { nodeClaimStructure } from '../nodeclaim/schema.ts';
import { nodeClassStructure } from '../nodeclass/schema.ts';
import { workspaceArbitrary } from '../testing/workspace-arbitrary.ts';
import { workspaceStructure } from '../workspace/schema.ts';
import { check, explain, placesOf } from './check.ts';
import type { StructuralSchema } from './schema.ts';

/** The schema as a JSON Schema that refuses unknown fields, for an independent validator. */
function closed(schema: StructuralSchema): Record<string, unknown> {
  const { properties, items, additionalProperties, ...rest } = schema;
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('x-') && key !== 'format')),
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: closed(additionalProperties) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, closed(child)])),
          additionalProperties: false,
        }),
  };
}

/** JSON without integers beyond 2^53, which ajv takes and which would not come through JSON.parse unchanged. */
const exactJson = fc.jsonValue({ maxDepth: 2 }).filter((value) => {
  let exact = true;
  JSON.stringify(value, (_, item: unknown) => {
    if (Number.isInteger(item) && !Number.isSafeInteger(item)) exact = false;
    return item;
  });
  return exact;
});

/** A valid Workspace with one value somewhere replaced, removed or added. */
const damaged = fc
  .tuple(workspaceArbitrary, fc.nat(), exactJson, fc.constantFrom('replace', 'remove', 'add'))
  .map(([workspace, where, value, how]) => {
    const object = structuredClone(workspace) as unknown as Record<string, unknown>;
    const places: [Record<string, unknown>, string][] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, child] of Object.entries(node)) {
        places.push([node as Record<string, unknown>, key]);
        walk(child);
      }
    };
    walk(object);
    const [parent, key] = places[where % places.length]!;
    if (how === 'replace') parent[key] = value;
    else if (how === 'remove' && !Array.isArray(parent)) delete parent[key];
    else if (!Array.isArray(parent)) parent[`${key}x`] = value;
    return object;
  });

test('agrees with zod and with ajv on what is valid', () => {
  const ajv = new Ajv({ strict: false, unicodeRegExp: true }).compile(closed(workspaceStructure));
  fc.assert(
    fc.property(fc.oneof(workspaceArbitrary, damaged), (object) => {
      const valid = check(workspaceStructure, object).length === 0;
      const nullInMetadata = Object.values((object as { metadata?: object }).metadata ?? {}).includes(null);
      fc.pre(!nullInMetadata);
      expect(workspaceSchema.safeParse(object).success).toBe(valid);
      expect(ajv(object)).toBe(valid);
    }),
    { numRuns: 1000 },
  );
});

test('agrees with zod on a NodeClaim and a KaitoNodeClass', () => {
  const claim = {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name: 'ws0a1b2c3d4' },
    spec: {
      nodeClassRef: { group: 'kaito.sh', kind: 'KaitoNodeClass', name: 'default' },
      requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'In', values: ['Standard_NC64as_T4_v3'] }],
      resources: { requests: { storage: '120Gi', 'nvidia.com/gpu': 4 } },
      taints: [{ key: 'sku', value: 'gpu', effect: 'NoSchedule' }],
      expireAfter: 'Never',
    },
  };
  expect(check(nodeClaimStructure, claim)).toEqual([]);
  expect(nodeClaimSchema.safeParse(claim).success).toBe(true);
  const wrong = { ...claim, spec: { ...claim.spec, resources: { requests: { storage: true } } } };
  expect(check(nodeClaimStructure, wrong).map(({ code }) => code)).toEqual(['InvalidType']);
  expect(nodeClaimSchema.safeParse(wrong).success).toBe(false);
  const nodeClass = {
    apiVersion: 'kaito.sh/v1alpha1',
    kind: 'KaitoNodeClass',
    metadata: { name: 'default' },
    spec: { spot: { maxPrice: '1.25' } },
  };
  expect(check(nodeClassStructure, nodeClass)).toEqual([]);
  expect(nodeClassSchema.safeParse(nodeClass).success).toBe(true);
});

test('quantities are integers or strings, and nothing else', () => {
  const schema = nodeClaimStructure.properties!['status']!.properties!['capacity']!.additionalProperties!;
  expect(['120Gi', 4, '0.5', '1e3', '500m'].flatMap((value) => check(schema, value))).toEqual([]);
  expect([1.5, true, null, [], {}, 'many', '5 Gi'].map((value) => check(schema, value).length)).toEqual([
    1, 1, 1, 1, 1, 1, 1,
  ]);
});

test.each([
  [{ type: 'integer' }, '2', 'x must be an integer, but is the string "2".', 'Write it without quotes: x: 2.'],
  [{ type: 'string' }, 2, 'x must be a string, but is the number 2.', 'Put it in quotes, as you wrote it.'],
  [{ type: 'string' }, true, 'x must be a string, but is the boolean true.', 'Put it in quotes, as you wrote it.'],
  [{ type: 'string' }, { name: 'a' }, 'x must be a string, but is a map.', 'Write the name itself: x: a.'],
  [{ type: 'array' }, 'a', 'x must be a list, but is the string "a".', 'Write it as a list: x: ["a"].'],
  [{ type: 'object' }, null, 'x must be a map, but is empty (null).', 'Give it a value or remove it.'],
  [{ type: 'integer', minimum: 1 }, 0, 'x must be at least 1, but is the number 0.', 'Change x.'],
  [{ type: 'integer', maximum: 9 }, 10, 'x must be at most 9, but is the number 10.', 'Change x.'],
  [{ type: 'string', minLength: 1 }, '', 'x must not be empty, but is the string "".', 'Change x.'],
  [{ type: 'string', maxLength: 2 }, 'abc', 'x must have at most 2 characters, but is the string "abc".', 'Change x.'],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', 'x must be a or b, but is the string "c".', 'Change x.'],
  [{ type: 'array', maxItems: 1 }, [1, 2], 'x must have at most 1 items, but is a list of 2.', 'Change x.'],
] as const)('%j says of %j what is wrong', (schema, value, message, remedy) => {
  const [violation] = check({ type: 'object', properties: { x: schema as unknown as StructuralSchema } }, { x: value });
  if (violation === undefined || violation.code === 'UnknownField') throw new Error('expected a violation');
  expect(explain(violation)).toMatchObject({ path: 'x', severity: 'error', message, remedy });
});

test('names of inherited properties are unknown fields', () => {
  const object = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') as unknown;
  expect(check(workspaceStructure, object).filter(({ code }) => code === 'UnknownField')).toHaveLength(3);
});

test('knows where a field belongs', () => {
  expect(placesOf(workspaceStructure, 'instanceType')).toEqual(['resource.instanceType']);
  expect(placesOf(workspaceStructure, 'conditions')).toEqual([]);
});
