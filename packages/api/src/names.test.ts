import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { headlessServiceName, maxWorkspaceNameLength, nodeClaimName } from './names.ts';

const identity = fc.record({ workspaceUID: fc.uuid(), ordinal: fc.nat(), attempt: fc.nat() });

test('the name is that of an AKS pool, and always the same', () => {
  fc.assert(
    fc.property(identity, (one) => {
      const name = nodeClaimName(one);
      expect(name).toMatch(/^ws[0-9a-f]{9}$/);
      expect(name).toMatch(/^[a-z][a-z0-9]{0,11}$/);
      expect(nodeClaimName({ ...one })).toBe(name);
    }),
  );
});

test('UID, ordinal and attempt each make another name', () => {
  const base = { workspaceUID: '3c2a5b1e-0000-4000-8000-000000000001', ordinal: 0, attempt: 0 };
  const names = [
    base,
    { ...base, ordinal: 1 },
    { ...base, attempt: 1 },
    { ...base, ordinal: 1, attempt: 1 },
    { ...base, workspaceUID: '3c2a5b1e-0000-4000-8000-000000000002' },
  ].map(nodeClaimName);
  expect(new Set(names).size).toBe(names.length);
  // printf '3c2a5b1e-0000-4000-8000-000000000001/0/0' | sha256sum
  expect(names[0]).toBe('ws7d2aa9248');
});

test.each([
  { workspaceUID: '', ordinal: 0, attempt: 0 },
  { workspaceUID: 'u', ordinal: -1, attempt: 0 },
  { workspaceUID: 'u', ordinal: 0.5, attempt: 0 },
  { workspaceUID: 'u', ordinal: 0, attempt: Number.NaN },
])('no name is made from nothing: %o', (one) => {
  expect(() => nodeClaimName(one)).toThrow(RangeError);
});

test('the names made from the longest Workspace name fit', () => {
  const longest = 'a'.repeat(maxWorkspaceNameLength);
  expect(headlessServiceName(longest).length).toBeLessThanOrEqual(63);
  expect(`${longest}-7f9c6d5b88`.length).toBe(63);
});
