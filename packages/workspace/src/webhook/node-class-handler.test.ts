import { expect, test } from 'vitest';
import { nodeClassHandler } from './node-class-handler.ts';
import { asked } from './testing/ask.ts';

const nodeClass = (spec: unknown, metadata: object = {}) => ({
  apiVersion: 'kaito.sh/v1alpha1',
  kind: 'KaitoNodeClass',
  metadata: { name: 'default', ...metadata },
  spec,
});
const bad = nodeClass({ mode: 'System', spot: {} });

test('refuses what is wrong, and accepts what is right', () => {
  expect(asked(nodeClassHandler, nodeClass({ mode: 'User' }))).toEqual({ allowed: true, warnings: [] });
  const { allowed, message } = asked(nodeClassHandler, bad);
  expect(allowed).toBe(false);
  expect(message).toMatch(/^validation failed: spec\.spot: spec\.mode is System and spec\.spot is set/);
  expect(asked(nodeClassHandler, null).allowed).toBe(false);
});

test('lets through what leaves the spec as it was, and what is on its way out', () => {
  expect(
    asked(nodeClassHandler, { ...bad, metadata: { name: 'default', labels: { a: 'b' } } }, { oldObject: bad }).allowed,
  ).toBe(true);
  expect(
    asked(nodeClassHandler, { ...bad, status: {} }, { oldObject: nodeClass({}), subResource: 'status' }).allowed,
  ).toBe(true);
  const leaving = nodeClass({ mode: 'System', spot: {} }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(asked(nodeClassHandler, leaving, { oldObject: nodeClass({}) }).allowed).toBe(true);
  expect(asked(nodeClassHandler, null, { operation: 'DELETE', oldObject: bad }).allowed).toBe(true);
  expect(asked(nodeClassHandler, bad, { oldObject: nodeClass({}) }).allowed).toBe(false);
});
