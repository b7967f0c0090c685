// `npm test [stage…]`: every tier, cheap ones first; the last line is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TestCount, Told } from './count-reporter.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** A Vitest run counts its own tests; any other command counts as one. */
  readonly vitest?: boolean;
  /** Succeeds where the check can run; else its output is the reason of the skip. */
  readonly needs?: readonly string[];
}

interface Stage {
  readonly name: string;
  /** Seconds it should take on two cores; over it is said, never failed. */
  readonly budget: number;
  /** It mostly waits, and so runs beside the stage before it; what it prints is shown when it has ended. */
  readonly beside?: true;
  readonly checks: readonly Check[];
}

/** When what a check prints is shown. */
type Shown = 'inherit' | 'at its end';

const node = [process.execPath, '--disable-warning=ExperimentalWarning'];

const lab = [...node, 'lab/kubernetes/src/main.ts'];
const azure = [...node, 'lab/azure/src/main.ts'];
const walkthrough = [...node, 'lab/walkthrough/src/main.ts'];
const vitest = (project: string): readonly string[] => ['vitest', 'run', '--project', project];

const stages: readonly Stage[] = [
  {
    name: 'static',
    budget: 60,
    checks: [
      { name: 'format', command: ['oxfmt', '--check', '.'] },
      { name: 'lint and import directions', command: ['oxlint'] },
      { name: 'types', command: ['tsc', '-p', '.'] },
      { name: 'dead code and unused packages', command: ['knip', '--no-config-hints'] },
      {
        name: 'CRDs and the table of fields are fresh',
        command: [...node, 'packages/api/src/crd/generate.ts', '--check'],
      },
    ],
  },
  {
    name: 'unit',
    budget: 120,
    checks: [{ name: 'unit tests', command: vitest('unit'), vitest: true }],
  },
  {
    name: 'binaries',
    budget: 900,
    checks: [
      {
        name: 'the control plane builds from its modules, and an ingress controller',
        command: [...lab, 'build', '--ingress'],
        needs: [...lab, 'check'],
      },
      { name: 'the registry builds, az installs', command: [...azure, 'build'], needs: [...lab, 'check'] },
      {
        name: 'the images build without a Docker engine',
        command: [...walkthrough, '--prepare', '--beyond'],
        needs: [...walkthrough, '--check'],
      },
    ],
  },
  {
    name: 'cluster',
    budget: 400,
    checks: [
      {
        name: 'tests against a real API server',
        command: [...lab, 'run', '--', ...vitest('cluster')],
        vitest: true,
        needs: [...lab, 'check'],
      },
    ],
  },
  {
    name: 'walkthrough',
    budget: 900,
    checks: [
      {
        name: "the seed's commands, and those beyond",
        command: [...walkthrough, '--beyond'],
        needs: [...walkthrough, '--check'],
      },
      {
        name: 'each step withheld, told and supplied',
        command: [...node, 'lab/walkthrough/src/withheld/main.ts'],
        vitest: true,
        needs: [...walkthrough, '--check'],
      },
    ],
  },
  {
    name: 'integration',
    budget: 720,
    checks: [{ name: 'integration tests', command: vitest('integration'), vitest: true }],
  },
  {
    name: 'azure',
    budget: 600,
    beside: true,
    checks: [
      {
        name: 'tests against the Azure emulator and a real API server',
        command: [...lab, 'run', '--', ...azure, 'run', '--no-az', '--', ...vitest('azure')],
        vitest: true,
        needs: [...lab, 'check'],
      },
    ],
  },
  {
    name: 'readme',
    budget: 240,
    checks: [{ name: "the README's commands on a clean clone", command: [...node, 'tools/readme.ts'] }],
  },
];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) {
  print(
    `Usage: npm test [-- STAGE…]\n\nStages, in order: ${stages.map((stage) => stage.name).join(', ')}. Default: all.`,
  );
  process.exit(0);
}
const unknownStage = positionals.find((name) => !stages.some((stage) => stage.name === name));
if (unknownStage !== undefined) {
  print(`There is no stage "${unknownStage}". Stages: ${stages.map((stage) => stage.name).join(', ')}.`);
  process.exit(2);
}

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'kaito-test-'));
const total: TestCount = { passed: 0, failed: [], skipped: [] };
const times: string[] = [];

const wanted = stages.filter((stage) => positionals.length === 0 || positionals.includes(stage.name));
// The network is idle while the first stages compute.
const downloads = wanted.some((stage) => stage.name === 'binaries')
  ? [
      [...lab, 'build', '--ingress'],
      [...azure, 'build'],
    ].map((build) => refusal([...build, '--download']))
  : [];

for (const [index, stage] of wanted.entries()) {
  if (stage.beside === true && index > 0) continue;
  const next = wanted[index + 1];
  await Promise.all([runStage(stage, 'inherit'), ...(next?.beside === true ? [runStage(next, 'at its end')] : [])]);
}
rmSync(scratch, { recursive: true, force: true });

print(`\nTime per stage against its budget:\n${times.join('\n')}`);
list('Skipped', total.skipped);
if (process.env['CI'] === 'true') total.failed.push(...total.skipped.map(({ name }) => ({ name, reason: 'skipped' })));
list('Failed', total.failed);
print(`\n${total.passed} passed, ${total.failed.length} failed`);
process.exitCode = total.failed.length > 0 || total.passed === 0 ? 1 : 0;

async function runStage(stage: Stage, shown: Shown): Promise<void> {
  if (stage.name === 'binaries') await Promise.all(downloads);
  const start = performance.now();
  for (const check of stage.checks) await runCheck(stage, check, shown);
  const seconds = Math.round((performance.now() - start) / 1000);
  times.push(
    `  ${stage.name.padEnd(12)} ${String(seconds).padStart(4)} s of ${stage.budget} s${seconds > stage.budget ? '  OVER BUDGET' : ''}`,
  );
}

async function runCheck(stage: Stage, check: Check, shown: Shown): Promise<void> {
  const title = `\n== ${stage.name}: ${check.name}`;
  if (shown === 'inherit') print(title);
  const reason = check.needs === undefined ? undefined : await refusal(check.needs);
  if (reason !== undefined) {
    print(`skipped: ${reason}`);
    total.skipped.push({ name: check.name, reason });
    return;
  }
  const countFile = join(scratch, `${stage.name}.json`);
  const reporters = check.vitest === true ? ['--reporter=default', '--reporter=./tools/count-reporter.ts'] : [];
  const ok = await run([...check.command, ...reporters], { KAITO_TEST_COUNT: countFile }, shown, title);
  if (check.vitest !== true) {
    if (ok) total.passed += 1;
    else total.failed.push({ name: check.name, reason: `${stage.name}, see above` });
    return;
  }
  const count = readCount(countFile);
  total.passed += count?.passed ?? 0;
  for (const kind of ['skipped', 'failed'] as const) total[kind].push(...(count?.[kind] ?? []));
  if (!ok && (count?.failed.length ?? 0) === 0) total.failed.push({ name: check.name, reason: 'the runner failed' });
}

/** What a command that fails has to say; undefined when it succeeds. */
async function refusal(command: readonly string[]): Promise<string | undefined> {
  const child = spawn(command[0]!, command.slice(1), { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return code === 0 ? undefined : said.trim().replaceAll('\n', '; ');
}

function readCount(file: string): TestCount | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestCount;
  } catch {
    return undefined;
  }
}

async function run(
  command: readonly string[],
  extra: Record<string, string>,
  shown: Shown,
  title: string,
): Promise<boolean> {
  const stream = shown === 'inherit' ? 'inherit' : 'pipe';
  const child = spawn(command[0]!, command.slice(1), {
    cwd: root,
    stdio: ['ignore', stream, stream],
    env: { ...process.env, ...extra },
  });
  let said = '';
  for (const piped of [child.stdout, child.stderr])
    piped?.setEncoding('utf8').on('data', (text: string) => (said += text));
  if (shown === 'at its end') child.once('close', () => print(`${title}\n${said}`));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      print(String(error));
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
}

function list(title: string, tests: readonly Told[]): void {
  if (tests.length > 0) print(`\n${title}:\n${tests.map(({ name, reason }) => `  ${name}: ${reason}`).join('\n')}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
