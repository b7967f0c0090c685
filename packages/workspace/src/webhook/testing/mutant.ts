import { workspaceArbitrary } from '@kaito/api/testing';
import * as fc from 'fast-check';
import { rules } from './rules/index.ts';

/** Values that people and generators write in the wrong place. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    'Standard_NC24ads_A100_v4',
    '__proto__',
    '<name>',
    '\u0000',
    '\ud800',
  ),
  fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const field = fc.oneof(
  fc.constantFrom(
    'name',
    'count',
    'instanceType',
    'matchLabels',
    'preset',
    'template',
    'spec',
    'constructor',
    '__proto__',
  ),
  fc.string({ maxLength: 20 }),
);

type Mutation = (root: Record<string, unknown>) => void;

/** One place, chosen by `turns`, is replaced, removed, or gets a neighbour. */
const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    turns: fc.array(fc.nat(99), { minLength: 1, maxLength: 7 }),
    kind: fc.constantFrom('replace', 'remove', 'add'),
    value,
    field,
  })
  .map(({ turns, kind, value, field }) => (root) => {
    let place: Record<string, unknown> | unknown[] = root;
    for (const [index, turn] of turns.entries()) {
      const keys = Object.keys(place);
      const key = keys[turn % Math.max(keys.length, 1)];
      const next = key === undefined ? undefined : (place as Record<string, unknown>)[key];
      if (key !== undefined && (index === turns.length - 1 || typeof next !== 'object' || next === null)) {
        if (kind === 'replace') (place as Record<string, unknown>)[key] = value;
        else if (kind === 'remove') delete (place as Record<string, unknown>)[key];
        else if (Array.isArray(place)) place.push(value);
        else Object.defineProperty(place, field, { value, enumerable: true, configurable: true, writable: true });
        return;
      }
      if (typeof next !== 'object' || next === null) return;
      place = next as Record<string, unknown>;
    }
  });

const whole = fc.oneof(
  workspaceArbitrary,
  fc.constantFrom(...rules.flatMap(({ refused, accepted }) => [refused, accepted])),
);

/** A Workspace, right or wrong, changed at up to three places. */
export const mutant: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(whole, fc.array(mutation, { maxLength: 3 }))
  .map(([object, mutations]) => {
    const copy = structuredClone(object) as unknown as Record<string, unknown>;
    for (const mutate of mutations) mutate(copy);
    return copy;
  });
