// The test beside it, in an environment of its own: node lab/walkthrough/src/withheld/main.ts
import { fileURLToPath } from 'node:url';
import { foreground } from '@kaito/lab-azure';
import { emulatorFlags } from '../environment/emulator.ts';
import { prepare } from '../environment/prepare.ts';

const [azure, vitest] = ['lab/azure/src/main.ts', 'node_modules/.bin/vitest'].map((path) =>
  fileURLToPath(new URL(`../../../../${path}`, import.meta.url)),
);
const flags = emulatorFlags(await prepare((text) => void process.stderr.write(`${text}\n`)));
const test = [vitest!, 'run', '--project', 'walkthrough', ...process.argv.slice(2)];
process.exitCode = await foreground(
  [process.execPath, '--disable-warning=ExperimentalWarning', azure!, 'run', ...flags, '--login', '--', ...test],
  process.env,
);
