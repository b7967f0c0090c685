// Writes the golden files anew; what changed is then read in the diff.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFiles } from './cases.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'golden');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const { path, text } of goldenFiles()) writeFileSync(join(root, path), text);
