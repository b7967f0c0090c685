/**
 * The Workspace operator as its own process on a real API server with instant nodes, beside the floor: a bare client that does the same writes.
 * Nodes and workloads are made Ready by a small program, so that the measure is of the operator and not of other controllers on the same cores;
 * with --whole by the real controller-manager and scheduler, and kwok. Each measure has a lab of its own. Usage: node bench/operator.ts
 * [--workspaces 50,200,500] [--alone N] [--concurrency N] [--idle SECONDS] [--whole] [--profile]. With --profile the operator leaves a CPU profile in the folder that is named at the end.
 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startControlPlane } from '@kaito/lab-kubernetes';

const { values: flags } = parseArgs({
  options: {
    workspaces: { type: 'string', default: '50,200,500' },
    alone: { type: 'string', default: '10' },
    concurrency: { type: 'string', default: '10' },
    idle: { type: 'string', default: '20' },
    whole: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'kaito-bench-'));
const common = [
  `--folder=${folder}`,
  `--concurrency=${flags.concurrency}`,
  `--idle=${flags.idle}`,
  ...(flags.whole ? ['--whole'] : []),
];

const others = ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const;

/** Figures of one measure in a lab of its own. */
async function measure(what: string, count: string, ...more: readonly string[]): Promise<Record<string, unknown>> {
  const lab = await startControlPlane();
  try {
    if (!flags.whole) for (const component of others) await lab.kill(component);
    const program = join(import.meta.dirname, 'operator-inside.ts');
    const child = lab.exec([process.execPath, program, what, `--count=${count}`, ...common, ...more], {
      stdio: 'pipe',
    });
    child.stderr!.pipe(process.stderr);
    let text = '';
    child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${what} of ${count} failed; its logs are in ${folder}`);
    return JSON.parse(text) as Record<string, unknown>;
  } finally {
    await lab.stop();
  }
}

function print(rows: Readonly<Record<string, Record<string, unknown>>>): void {
  const rounded = Object.entries(rows).map(([name, row]) => [
    name,
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? Number(value.toFixed(2)) : value]),
    ),
  ]);
  // oxlint-disable-next-line no-console
  console.table(Object.fromEntries(rounded));
}

const profile = flags.profile ? ['--profile'] : [];
const crowds = flags.workspaces.split(',');
for (const count of crowds) {
  const last = count === crowds.at(-1) ? ['--after'] : [];
  const operator = await measure('operator', count, ...last, ...profile);
  const floor = await measure('floor', count);
  const ratio = { seconds: Number(operator['seconds']) / Number(floor['seconds']) };
  print({ [`kaito, ${count}`]: operator, [`floor, ${count}`]: floor, 'kaito / floor': ratio });
}
print({ 'kaito, one at a time': await measure('alone', flags.alone, ...profile) });
process.stdout.write(`logs: ${folder}\n`);
