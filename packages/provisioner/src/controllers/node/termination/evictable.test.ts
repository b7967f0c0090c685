import type { Live } from '@kaito/kube';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { podsLeft } from './evictable.ts';

const now = new Date('2026-01-01T01:00:00Z');

function pod(name: string, fields: { readonly dueSecondsAgo?: number; readonly owner?: string } = {}): Live<Pod> {
  const { dueSecondsAgo, owner } = fields;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(dueSecondsAgo !== undefined && {
        deletionTimestamp: new Date(now.getTime() - dueSecondsAgo * 1000).toISOString(),
      }),
      ...(owner !== undefined && {
        ownerReferences: [{ apiVersion: 'apps/v1', kind: owner, name: 'owner', uid: 'u' }],
      }),
    },
    spec: { containers: [] },
  };
}

const names = (pods: readonly Live<Pod>[]): unknown[] => pods.map(({ metadata }) => metadata.name);

test('daemons go after the others, and a pod is waited for a minute beyond its time', () => {
  const left = podsLeft(
    [
      pod('web'),
      pod('daemon', { owner: 'DaemonSet' }),
      pod('late', { dueSecondsAgo: 60 }),
      pod('stuck', { dueSecondsAgo: 61 }),
    ],
    now,
  );
  expect(names(left.evict)).toEqual(['web']);
  expect(names(left.waiting)).toEqual(['web', 'daemon', 'late']);
});

test('a kubelet that is silent ends no pod: all go at once, and none is waited for beyond its time', () => {
  const left = podsLeft(
    [
      pod('web'),
      pod('daemon', { owner: 'DaemonSet' }),
      pod('ending', { dueSecondsAgo: -1 }),
      pod('late', { dueSecondsAgo: 1 }),
    ],
    now,
    'silent',
  );
  expect(names(left.evict)).toEqual(['web', 'daemon']);
  expect(names(left.waiting)).toEqual(['web', 'daemon', 'ending']);
});
