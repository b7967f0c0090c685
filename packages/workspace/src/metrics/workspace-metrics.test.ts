import type { Workspace, WorkspaceStatus } from '@kaito/api';
import type { Change } from '@kaito/kube';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import type { Live } from '../cache/caches.ts';
import { registerWorkspaceMetrics } from './workspace-metrics.ts';

function workspace(name: string, status?: WorkspaceStatus, metadata: object = {}): Live<Workspace> {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name, namespace: 'team', creationTimestamp: '2026-03-01T12:00:00Z', ...metadata },
    inference: { preset: { name: name === 'other' ? 'falcon-7b' : 'phi-2' } },
    ...(status !== undefined && { status }),
  } as Live<Workspace>;
}

const because = (code: string, needs: 'person' | 'time'): WorkspaceStatus => ({
  state: 'Pending',
  rootCause: { code, message: 'm', needs },
});
const ready: WorkspaceStatus = {
  state: 'Ready',
  conditions: [
    { type: 'WorkspaceReady', status: 'True', reason: 'r', message: '', lastTransitionTime: '2026-03-01T12:00:40Z' },
  ],
};

async function values(register: Registry, name: string): Promise<Record<string, number>> {
  const metric = (await register.getMetricsAsJSON()).find((one) => one.name === name);
  return Object.fromEntries(
    metric!.values.map((value) => [
      (value as { metricName?: string }).metricName === undefined || Object.values(value.labels).length > 0
        ? Object.values(value.labels).join()
        : (value as { metricName?: string }).metricName!,
      value.value,
    ]),
  );
}

test('gauges count the cache as it is when they are asked for', async () => {
  let held = [
    workspace('a', ready),
    workspace('b', because('QuotaExceeded', 'person')),
    workspace('c', because('WaitingForNodes', 'time')),
    workspace('other'),
    workspace('e', because('Deleting', 'time'), { deletionTimestamp: '2026-03-01T12:09:00Z' }),
  ];
  const register = new Registry();
  registerWorkspaceMetrics(register, { list: () => held, onChange: () => () => {} });
  expect(await values(register, 'kaito_workspace_count')).toEqual({ succeeded: 1, error: 1, pending: 2, deleting: 1 });
  expect(await values(register, 'kaito_workspace_preset_count')).toEqual({ 'phi-2': 4, 'falcon-7b': 1 });
  expect(await values(register, 'kaito_workspace_root_cause')).toEqual({
    QuotaExceeded: 1,
    WaitingForNodes: 1,
    Deleting: 1,
  });
  held = [];
  expect(await values(register, 'kaito_workspace_count')).toEqual({ succeeded: 0, error: 0, pending: 0, deleting: 0 });
  expect(await values(register, 'kaito_workspace_root_cause')).toEqual({});
});

test('the time to Ready is taken once for each Workspace', async () => {
  let tell: ((change: Change<Live<Workspace>>) => void) | undefined;
  const register = new Registry();
  registerWorkspaceMetrics(register, {
    list: () => [],
    onChange: (handler) => {
      tell = handler;
      return () => {};
    },
  });
  const [fresh, up, down] = [workspace('a'), workspace('a', ready), workspace('a', { ...ready, state: 'NotReady' })];
  tell?.({ type: 'added', object: up, initial: true });
  tell?.({ type: 'updated', previous: fresh, object: up });
  tell?.({ type: 'updated', previous: up, object: down });
  tell?.({ type: 'updated', previous: down, object: up });
  const text = await register.metrics();
  expect(text).toContain('kaito_workspace_time_to_ready_seconds_count 1\n');
  expect(text).toContain('kaito_workspace_time_to_ready_seconds_sum 40\n');
});
