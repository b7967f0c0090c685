import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createController } from '../controller/create-controller.ts';
import { TerminalError } from '../controller/reconcile.ts';
import { silentLogger } from '../logger.ts';
import { ManualClock, settled } from '../testing/manual-clock.ts';
import { createMetrics } from './metrics.ts';

async function samples(register: Registry, pattern: RegExp): Promise<string[]> {
  return (await register.metrics()).split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
}

test('a controller shows under the names and labels of controller-runtime and client-go', async () => {
  const register = new Registry();
  const clock = new ManualClock();
  const gates = new Map<string, (error?: Error) => void>();
  const controller = createController({
    name: 'workspace',
    sources: [],
    concurrency: 2,
    clock,
    logger: silentLogger,
    metrics: createMetrics(register).controller('workspace', 2),
    reconcile: (key) =>
      new Promise((resolve, reject) =>
        gates.set(key, (error) =>
          error === undefined ? resolve(key === 'b' ? { requeueAfterMs: 9e9 } : {}) : reject(error),
        ),
      ),
  });
  const end = new AbortController();
  const running = controller.run(end.signal);
  for (const key of ['a', 'b', 'c']) controller.enqueue(key);
  await settled();
  clock.advance(2_000);
  expect(await samples(register, /^workqueue_(depth|unfinished|longest)|active|max_concurrent/)).toEqual([
    'controller_runtime_active_workers{controller="workspace"} 2',
    'controller_runtime_max_concurrent_reconciles{controller="workspace"} 2',
    'workqueue_depth{name="workspace",controller="workspace"} 1',
    'workqueue_unfinished_work_seconds{name="workspace",controller="workspace"} 4',
    'workqueue_longest_running_processor_seconds{name="workspace",controller="workspace"} 2',
  ]);
  gates.get('a')!(new Error('not yet'));
  gates.get('b')!();
  await settled();
  gates.get('c')!(new TerminalError('never'));
  await settled();
  clock.advance(5);
  await settled();
  gates.get('a')!();
  await settled();
  expect(
    await samples(register, /^controller_runtime.*(total|_count|_sum|workers)|^workqueue.*(total|_count|_sum|depth)/),
  ).toEqual([
    'controller_runtime_reconcile_total{controller="workspace",result="success"} 1',
    'controller_runtime_reconcile_total{controller="workspace",result="error"} 2',
    'controller_runtime_reconcile_total{controller="workspace",result="requeue_after"} 1',
    'controller_runtime_reconcile_errors_total{controller="workspace"} 2',
    'controller_runtime_terminal_reconcile_errors_total{controller="workspace"} 1',
    'controller_runtime_reconcile_time_seconds_sum{controller="workspace"} 4',
    'controller_runtime_reconcile_time_seconds_count{controller="workspace"} 4',
    'controller_runtime_active_workers{controller="workspace"} 0',
    'workqueue_depth{name="workspace",controller="workspace"} 0',
    'workqueue_adds_total{name="workspace",controller="workspace"} 4',
    'workqueue_retries_total{name="workspace",controller="workspace"} 1',
    'workqueue_queue_duration_seconds_sum{name="workspace",controller="workspace"} 2',
    'workqueue_queue_duration_seconds_count{name="workspace",controller="workspace"} 4',
    'workqueue_work_duration_seconds_sum{name="workspace",controller="workspace"} 4',
    'workqueue_work_duration_seconds_count{name="workspace",controller="workspace"} 4',
  ]);
  end.abort();
  await running;
});

test('requests, leadership and webhooks show under the names that dashboards know', async () => {
  const register = new Registry();
  const metrics = createMetrics(register);
  metrics.request('200', 'api:443', 'GET');
  metrics.request('<error>', 'api:443', 'PUT');
  metrics.leading('operator', true);
  const webhook = metrics.webhook('/validate');
  webhook.started();
  webhook.started();
  webhook.finished(200, 0.004);
  expect(
    await samples(register, /^rest_client|^leader|^controller_runtime_webhook_(requests|latency_seconds_count)/),
  ).toEqual([
    'controller_runtime_webhook_requests_total{webhook="/validate",code="200"} 1',
    'controller_runtime_webhook_requests_total{webhook="/validate",code="500"} 0',
    'controller_runtime_webhook_latency_seconds_count{webhook="/validate"} 1',
    'controller_runtime_webhook_requests_in_flight{webhook="/validate"} 1',
    'rest_client_requests_total{code="200",host="api:443",method="GET"} 1',
    'rest_client_requests_total{code="<error>",host="api:443",method="PUT"} 1',
    'leader_election_master_status{name="operator"} 1',
  ]);
});
