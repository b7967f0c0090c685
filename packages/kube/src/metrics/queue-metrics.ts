import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { QueueMetrics, QueueState } from '../queue/queue.ts';

/** client-go's `ExponentialBuckets(10e-9, 10, 12)`: 10 ns to 1,000 s. */
const seconds = Array.from({ length: 12 }, (_, power) => Number(`1e${power - 8}`));

const labelNames = ['name', 'controller'] as const;

/** The `workqueue_*` metrics of one registry; numbers of the moment are read when they are scraped. */
export function queueMetrics(registers: Registry[]): (name: string, controller: string) => QueueMetrics {
  const states = new Map<string, { readonly labels: { name: string; controller: string }; read: () => QueueState }>();
  const gauge = (name: string, help: string, value: (state: QueueState) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const { labels, read } of states.values()) this.set(labels, value(read()));
      },
    });
  gauge('workqueue_depth', 'Current depth of workqueue', (state) => state.depth);
  gauge(
    'workqueue_unfinished_work_seconds',
    "How many seconds of work has been done that is in progress and hasn't been observed by work_duration. Large values indicate stuck threads. One can deduce the number of stuck threads by observing the rate at which this increases.",
    (state) => state.unfinishedSeconds,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running.',
    (state) => state.longestRunningSeconds,
  );
  const adds = new Counter({
    name: 'workqueue_adds_total',
    help: 'Total number of adds handled by workqueue',
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: 'workqueue_retries_total',
    help: 'Total number of retries handled by workqueue',
    labelNames,
    registers,
  });
  const waits = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long in seconds an item stays in workqueue before being requested',
    labelNames,
    buckets: seconds,
    registers,
  });
  const works = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long in seconds processing an item from workqueue takes.',
    labelNames,
    buckets: seconds,
    registers,
  });

  return (name, controller) => {
    const labels = { name, controller };
    const wait = waits.labels(labels);
    const work = works.labels(labels);
    adds.inc(labels, 0);
    retries.inc(labels, 0);
    return {
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      taken: (waited) => wait.observe(waited),
      done: (worked) => work.observe(worked),
      observe: (read) => states.set(name, { labels, read }),
    };
  };
}
