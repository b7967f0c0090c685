// The test beside it, in an environment of its own: node lab/walkthrough/src/withheld/main.ts, with more arguments of vitest.
import { fileURLToPath } from 'node:url';
import { foreground } from '@kaito/lab-azure';
import { LabError } from '@kaito/lab-kubernetes';
import { emulatorFlags } from '../environment/emulator.ts';
import { prepare } from '../environment/prepare.ts';

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const [azure, vitest] = ['lab/azure/src/main.ts', 'node_modules/.bin/vitest'].map((path) =>
  fileURLToPath(new URL(`../../../../${path}`, import.meta.url)),
);
const node = [process.execPath, '--disable-warning=ExperimentalWarning'];

try {
  const flags = emulatorFlags(await prepare(tell));
  // Each test begins where the one before it ended.
  const test = [vitest!, 'run', '--project', 'walkthrough', '--bail=1', ...process.argv.slice(2)];
  // It ends with this process, even by SIGKILL.
  const run = ['setpriv', '--pdeathsig=TERM', '--', ...node, azure!, 'run', ...flags, '--login', '--', ...test];
  process.exitCode = await foreground(run, process.env);
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  tell(error.message);
  tell(error.remedy);
  process.exitCode = 1;
}
