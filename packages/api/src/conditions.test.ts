import { expect, test } from 'vitest';
import { conditionReasons, findCondition, isTrue, setCondition, timestamp } from './conditions.ts';
import type { Condition } from './workspace.ts';

const ready: Condition = {
  type: 'ResourceReady',
  status: 'True',
  reason: 'workspaceResourceStatusSuccess',
  message: 'workspace resource is ready',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
};

test('a new condition is appended with the time', () => {
  const { lastTransitionTime: _, ...update } = ready;
  const list = setCondition([], update, new Date('2026-01-02T03:04:05.678Z'));
  expect(list).toEqual([{ ...ready, lastTransitionTime: '2026-01-02T03:04:05Z' }]);
});

test('the time changes only with the status', () => {
  const told = setCondition(
    [ready],
    { ...ready, message: 'still ready', observedGeneration: 2 },
    '2026-02-01T00:00:00Z',
  );
  expect(told).toEqual([{ ...ready, message: 'still ready', observedGeneration: 2 }]);
  const turned = setCondition(told, { ...ready, status: 'False', reason: 'NodeNotReady' }, '2026-02-01T00:00:00Z');
  expect(turned[0]).toMatchObject({ status: 'False', lastTransitionTime: '2026-02-01T00:00:00Z' });
});

test('the order and the other conditions stay, and the input is not changed', () => {
  const list = Object.freeze([
    Object.freeze({ ...ready, type: 'A' }),
    Object.freeze(ready),
    Object.freeze({ ...ready, type: 'B' }),
  ]);
  const after = setCondition(list, { ...ready, status: 'Unknown' }, '2026-02-01T00:00:00Z');
  expect(after.map(({ type }) => type)).toEqual(['A', 'ResourceReady', 'B']);
  expect(list[1]!.status).toBe('True');
});

test('nothing changed gives the same list back', () => {
  const list = [ready];
  expect(setCondition(list, { ...ready }, '2030-01-01T00:00:00Z')).toBe(list);
});

test('an update without generation keeps the one that is there', () => {
  const { observedGeneration: _, ...update } = ready;
  expect(setCondition([ready], { ...update, message: 'x' }, new Date(0))[0]?.observedGeneration).toBe(1);
});

test('looks conditions up by type', () => {
  expect(findCondition([ready], 'ResourceReady')).toBe(ready);
  expect(findCondition(undefined, 'ResourceReady')).toBeUndefined();
  expect(isTrue([ready], 'ResourceReady')).toBe(true);
  expect(isTrue([{ ...ready, status: 'Unknown' }], 'ResourceReady')).toBe(false);
  expect(isTrue([ready], 'InferenceReady')).toBe(false);
});

test('every reason is one that the API server takes', () => {
  for (const reason of Object.values(conditionReasons))
    expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
});

test('timestamps have whole seconds in UTC', () => {
  expect(timestamp(new Date('2026-05-06T07:08:09.999+02:00'))).toBe('2026-05-06T05:08:09Z');
});
