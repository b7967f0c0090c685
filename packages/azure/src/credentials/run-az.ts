import { spawn } from 'node:child_process';
import type { Clock } from '../clock.ts';
import type { Environment } from '../environment.ts';
import { AzureError } from '../errors/azure-error.ts';
import { oneLine } from '../errors/one-line.ts';
import { parseJson } from '../json.ts';

export interface AzOptions {
  /** Of the CLI: PATH, HOME, AZURE_CONFIG_DIR, REQUESTS_CA_BUNDLE, … are looked at there. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** The CLI starts slowly, and may have to ask Entra ID. ms. */
const limitMs = 60_000;
const longestOutput = 4 * 1024 * 1024;

/**
 * What the Azure CLI answers, as JSON. It asks nobody anything.
 *
 * @throws AzureError `NoCredential` where it is not installed or logged out or fails, `TimedOut`; or the signal's reason
 */
export async function runAz(args: readonly string[], options: AzOptions): Promise<unknown> {
  const { code, output, complaint } = await run([...args, '--output', 'json'], options);
  const answer = code === 0 ? parseJson(output) : undefined;
  if (answer !== undefined) return answer;
  throw failed(args, complaint);
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly complaint: string;
}

function run(args: readonly string[], { env, clock, signal }: AzOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const child = spawn('az', [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, AZURE_CORE_ONLY_SHOW_ERRORS: '1', AZURE_CORE_NO_COLOR: '1' },
      // The CLI is a script that starts Python: both must end.
      detached: true,
    });
    const stop = (reason: unknown) => {
      done();
      reject(reason as Error);
      kill(child.pid);
    };
    const onAbort = () => stop(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const cancel = clock.after(limitMs, () => stop(late()), { unref: true });
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    };
    const output: Buffer[] = [];
    let length = 0;
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= longestOutput) output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(-8_000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      done();
      reject(error.code === 'ENOENT' ? notInstalled(error) : failed(args, error.message));
    });
    child.on('close', (code) => {
      done();
      resolve({ code, output: Buffer.concat(output).toString('utf8'), complaint });
    });
  });
}

/** Ends a process and those that it started. */
function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function failed(args: readonly string[], complaint: string): AzureError {
  const tenant = /--tenant[ =]"?([\w.-]+)/.exec(complaint)?.[1];
  const login = `az login${tenant === undefined ? '' : ` --tenant ${tenant}`}`;
  const number = /\bAADSTS(\d{4,8})\b/.exec(complaint)?.[0];
  if (/az login|AADSTS|no subscription found|not logged in/i.test(complaint))
    return new AzureError('NoCredential', {
      message: `the Azure CLI is logged out, or its login has expired${number === undefined ? '' : ` (${number})`}`,
      remedy: `log in: ${login}`,
      retry: 'later',
      ...(number === undefined ? {} : { azureCode: number }),
    });
  if (/\bSubscription '[^']+' not found/i.test(complaint))
    return new AzureError('NoCredential', {
      message: 'the login of the Azure CLI does not have the subscription that is asked for',
      remedy: 'see which it has: az account list --refresh --output table',
      retry: 'later',
    });
  const says = oneLine(complaint.replace(/^ERROR:\s*/m, ''));
  return new AzureError('NoCredential', {
    message: `az ${args.slice(0, 2).join(' ')} failed${says === '' ? '' : `: ${says}`}`,
    remedy: `see what it says: az ${args.join(' ')} --debug`,
    retry: 'later',
  });
}

function notInstalled(cause: unknown): AzureError {
  return new AzureError('NoCredential', {
    message: 'the Azure CLI (az) is not installed, or not on the PATH',
    remedy: 'install the Azure CLI and log in: az login',
    retry: 'later',
    cause,
  });
}

function late(): AzureError {
  return new AzureError('TimedOut', {
    message: `the Azure CLI gave no answer within ${limitMs / 1000} s`,
    remedy: 'try: az account get-access-token',
    retry: 'soon',
  });
}
