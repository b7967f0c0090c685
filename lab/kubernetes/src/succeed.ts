import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { LabError } from './error.ts';

/** Waits for the end of a program whose output is piped. @throws LabError with the last words of the child when it fails */
export async function succeed(child: ChildProcess): Promise<void> {
  const said: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new LabError(Buffer.concat(said).toString().trim(), 'see the message; npm run lab -- logs tells more');
}
