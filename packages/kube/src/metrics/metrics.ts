import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ControllerMetrics, Outcome } from '../controller/create-controller.ts';
import type { QueueMetrics } from '../queue/queue.ts';
import { queueMetrics } from './queue-metrics.ts';

/** Buckets of controller-runtime's `controller_runtime_reconcile_time_seconds` and of its webhook latency. */
const seconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

/** One webhook path's numbers. */
export interface WebhookMetrics {
  started(): void;
  finished(code: number, seconds: number): void;
}

export interface Metrics {
  controller(name: string, concurrency: number): ControllerMetrics;
  /** A queue outside a controller. */
  queue(name: string): QueueMetrics;
  webhook(path: string): WebhookMetrics;
  /** An answer of an API server; `code` is the HTTP status, or `<error>` where none came. */
  request(code: string, host: string, method: string): void;
  leading(lease: string, leading: boolean): void;
}

/** Metrics with the names and labels of controller-runtime and client-go, so that dashboards made for them work. One per registry. */
export function createMetrics(register: Registry = new Registry()): Metrics {
  const registers = [register];
  const reconciles = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Total number of reconciliations per controller',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Total number of reconciliation errors per controller',
    labelNames: ['controller'],
    registers,
  });
  const terminal = new Counter({
    name: 'controller_runtime_terminal_reconcile_errors_total',
    help: 'Total number of terminal reconciliation errors per controller',
    labelNames: ['controller'],
    registers,
  });
  const times = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Length of time per reconciliation per controller',
    labelNames: ['controller'],
    buckets: seconds,
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Number of currently used workers per controller',
    labelNames: ['controller'],
    registers,
  });
  const maximum = new Gauge({
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Maximum number of concurrent reconciles per controller',
    labelNames: ['controller'],
    registers,
  });
  const webhookTotal = new Counter({
    name: 'controller_runtime_webhook_requests_total',
    help: 'Total number of admission requests by HTTP status code.',
    labelNames: ['webhook', 'code'],
    registers,
  });
  const webhookTimes = new Histogram({
    name: 'controller_runtime_webhook_latency_seconds',
    help: 'Histogram of the latency of processing admission requests',
    labelNames: ['webhook'],
    buckets: seconds,
    registers,
  });
  const webhookActive = new Gauge({
    name: 'controller_runtime_webhook_requests_in_flight',
    help: 'Current number of admission requests being served.',
    labelNames: ['webhook'],
    registers,
  });
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'host', 'method'],
    registers,
  });
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    labelNames: ['name'],
    registers,
  });
  const queues = queueMetrics(registers);

  return {
    controller(name, concurrency) {
      const labels = { controller: name };
      for (const result of ['success', 'error', 'requeue_after'] satisfies Outcome[])
        reconciles.inc({ controller: name, result }, 0);
      errors.inc(labels, 0);
      terminal.inc(labels, 0);
      active.set(labels, 0);
      maximum.set(labels, concurrency);
      const time = times.labels(labels);
      let working = 0;
      return {
        queue: queues(name, name),
        started: () => active.set(labels, (working += 1)),
        finished(outcome, took, isTerminal) {
          active.set(labels, (working -= 1));
          time.observe(took);
          reconciles.inc({ controller: name, result: outcome });
          if (outcome === 'error') errors.inc(labels);
          if (isTerminal) terminal.inc(labels);
        },
      };
    },
    queue: (name) => queues(name, ''),
    webhook(path) {
      const labels = { webhook: path };
      webhookTotal.inc({ webhook: path, code: '200' }, 0);
      webhookTotal.inc({ webhook: path, code: '500' }, 0);
      webhookActive.set(labels, 0);
      const time = webhookTimes.labels(labels);
      return {
        started: () => webhookActive.inc(labels),
        finished(code, took) {
          webhookActive.dec(labels);
          time.observe(took);
          webhookTotal.inc({ webhook: path, code: String(code) });
        },
      };
    },
    request: (code, host, method) => requests.inc({ code, host, method }),
    leading: (lease, leading) => leader.set({ name: lease }, leading ? 1 : 0),
  };
}
