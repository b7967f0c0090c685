/**
 * CPU time (user + sys) and wall time of one call of the command, in the mean over many. No other kubectl-like command written for Node is at
 * hand, so the floor beside it is Node itself doing nothing: `node -e 0`.
 *
 *   node bench/cli.ts [CALLS]
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const calls = Number(process.argv[2] ?? 10);
const root = resolve(import.meta.dirname, '..');
const state = mkdtempSync(join(tmpdir(), 'kaito-bench-'));
const kaito = ['packages/cli/src/main.ts'];

const rows: readonly (readonly [name: string, args: readonly string[], limit?: number])[] = [
  ['node -e 0', ['-e', '0']],
  ['kaito --help', [...kaito, '--help'], 120],
  ['kaito plan -f examples/seed.yaml', [...kaito, 'plan', '-f', 'examples/seed.yaml'], 250],
  ['kaito validate -f examples/seed.yaml', [...kaito, 'validate', '-f', 'examples/seed.yaml']],
  ['kaito get', [...kaito, 'get']],
  ['kaito models', [...kaito, 'models']],
];

/** Mean CPU and wall time of one call, ms; the compile cache is filled by a call before. */
function measure(args: readonly string[], cached: boolean): { cpu: number; wall: number } {
  const env = {
    ...process.env,
    KAITO_STATE: state,
    KAITO_CACHE: state,
    ...(cached ? { NODE_COMPILE_CACHE: join(state, 'compile') } : {}),
  };
  const run = (script: string, ...rest: string[]) =>
    spawnSync('sh', ['-c', script, 'sh', ...rest], { cwd: root, env, encoding: 'utf8' });
  run('"$@" >/dev/null 2>&1', process.execPath, ...args);
  // A shell's `times` gives the user and system time of all its children on its second line.
  const begun = performance.now();
  const { stdout } = run(
    `i=0; while [ $i -lt ${calls} ]; do "$@" >/dev/null 2>&1; i=$((i + 1)); done; times`,
    process.execPath,
    ...args,
  );
  const wall = (performance.now() - begun) / calls;
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return { cpu: (seconds.reduce((sum, each) => sum + each, 0) * 1000) / calls, wall };
}

const line = (...cells: readonly string[]) =>
  process.stdout.write(`${cells.map((cell, index) => (index === 0 ? cell.padEnd(38) : cell.padStart(12))).join('')}\n`);

try {
  line(`mean of ${calls} calls, ms`, 'CPU', 'wall', 'CPU, cache*', 'aim');
  for (const [name, args, limit] of rows) {
    const plain = measure(args, false);
    const cached = measure(args, true);
    line(name, plain.cpu.toFixed(0), plain.wall.toFixed(0), cached.cpu.toFixed(0), limit == null ? '' : `< ${limit}`);
  }
  process.stdout.write('* with NODE_COMPILE_CACHE set before Node starts, so that main.ts itself is cached too\n');
} finally {
  rmSync(state, { recursive: true, force: true });
}
