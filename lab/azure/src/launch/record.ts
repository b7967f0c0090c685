import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, cacheRoot } from '@kaito/lab-kubernetes';
import type { RunningAzure } from '../running-azure.ts';

/** What is written down of an emulator that runs by itself. */
export type AzureRecord = Omit<RunningAzure, 'stop'> & {
  /** Of its process, as that process sees it. */
  readonly pid: number;
};

const home = (): string => join(cacheRoot(), 'lab', 'azure');

/** Where the state of the emulator of a name lies. */
export const directoryOf = (name: string): string => join(home(), name);

const fileOf = (directory: string): string => join(directory, 'running.json');

/** Writes it down, at once. */
export function writeRecord(azure: RunningAzure): void {
  const { stop: _, ...described } = azure;
  const record: AzureRecord = { ...described, pid: process.pid };
  writeFileSync(`${fileOf(azure.directory)}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${fileOf(azure.directory)}.new`, fileOf(azure.directory));
}

export function removeRecord(directory: string): void {
  rmSync(fileOf(directory), { force: true });
}

/** The record and the process, as seen from here, of the emulator of a directory; undefined where none runs. */
export function readRecord(directory: string): { readonly record: AzureRecord; readonly pid: number } | undefined {
  if (!existsSync(fileOf(directory))) return undefined;
  const pid = processOf(directory);
  if (pid === undefined) return undefined;
  return { record: JSON.parse(readFileSync(fileOf(directory), 'utf8')) as AzureRecord, pid };
}

/** The process whose command line says that it serves this directory. Its number in a namespace of its own is not the one seen here. */
function processOf(directory: string): number | undefined {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return argv[0] !== 'unshare' && argv.includes('serve') && argv.includes(directory);
      } catch {
        return false;
      }
    });
}

/** @throws LabError where it does not run */
export function running(name: string): { readonly record: AzureRecord; readonly pid: number } {
  const found = readRecord(directoryOf(name));
  if (found !== undefined) return found;
  throw new LabError(
    `no Azure emulator named ${name} runs`,
    `start it: npm run lab -- azure up${name === 'default' ? '' : ` --name ${name}`}`,
  );
}

/** Names of those that run. */
export function runningNames(): readonly string[] {
  if (!existsSync(home())) return [];
  return readdirSync(home())
    .filter((name) => readRecord(directoryOf(name)) !== undefined)
    .toSorted();
}
