/** One measure of bench/operator.ts, inside the lab that it starts: prints the figures as one line of JSON. */
import { parseArgs } from 'node:util';
import { testCluster } from '@kaito/kube/testing';
import { alone, type Bench, crowdOfFloor, crowdOfOperator } from './operator/measures.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '50' },
    folder: { type: 'string', default: '.' },
    concurrency: { type: 'string', default: '10' },
    idle: { type: 'string', default: '20' },
    whole: { type: 'boolean', default: false },
    after: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const cluster = await testCluster();
const ending = new AbortController();
const count = Number(values.count);
const bench: Bench = {
  cluster,
  folder: values.folder,
  whole: values.whole,
  concurrency: Number(values.concurrency),
  nodeFlags: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.folder}`] : [],
  signal: ending.signal,
};
const measures: Record<string, () => Promise<object>> = {
  operator: () => crowdOfOperator(bench, count, values.after, Number(values.idle)),
  floor: () => crowdOfFloor(bench, count),
  alone: () => alone(bench, count),
};
const figures = await measures[positionals[0] ?? '']!();
ending.abort();
process.stdout.write(`${JSON.stringify(figures)}\n`);
await cluster.close();
