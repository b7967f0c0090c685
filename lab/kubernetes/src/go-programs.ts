import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { LabError } from './error.ts';
import { locked } from './lock.ts';
import { run } from './run.ts';

/** The folder under which KAITO keeps what can be made again. */
export function cacheRoot(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kaito');
}

export type Progress = (line: string) => void;

/** Programs that are made from Go modules. The binaries are static. */
export interface GoPrograms {
  /** The folder with the modules. */
  readonly sources: string;
  readonly builds: readonly {
    /** Folder of the module. */
    readonly module: string;
    readonly packages: readonly string[];
    readonly ldflags: string;
  }[];
  /** Adds to the folder of the finished binaries. */
  finish?(bin: string): void;
}

/**
 * The folder with the programs; built on first use, under a key of all inputs. Safe to call from several processes at once.
 *
 * @throws LabError without a Go toolchain that is new enough, and when the build fails.
 */
export async function ensureGoPrograms(programs: GoPrograms, progress: Progress): Promise<string> {
  const home = await homeOf(programs);
  const bin = join(home, 'bin');
  if (existsSync(bin)) return bin;
  mkdirSync(home, { recursive: true });
  return await locked(join(home, 'lock'), progress, async () => {
    if (existsSync(bin)) return bin;
    const unfinished = mkdtempSync(join(home, 'build-'));
    try {
      for (const { module, packages, ldflags } of programs.builds) {
        await go(
          module,
          ['build', '-v', '-trimpath', '-ldflags', ldflags, '-o', `${unfinished}/`, ...packages],
          progress,
        );
      }
      programs.finish?.(unfinished);
      renameSync(unfinished, bin);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    return bin;
  });
}

/** Fetches the modules' sources, which the build needs first; network, not processor. */
export async function downloadGoModules(programs: GoPrograms, progress: Progress): Promise<void> {
  if (existsSync(join(await homeOf(programs), 'bin'))) return;
  for (const { module } of programs.builds) await go(module, ['mod', 'download'], progress);
}

/** The key: Go's version, the flags, and of the sources those at the top of a folder and those of the packages that are built. */
async function homeOf({ sources, builds }: GoPrograms): Promise<string> {
  const folders = builds.flatMap(({ module, packages }) => [module, ...packages.map((name) => join(module, name))]);
  const hash = createHash('sha256');
  hash.update(await goVersion());
  hash.update(JSON.stringify(builds.map(({ packages, ldflags }) => ({ packages, ldflags }))));
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const counts = /\.go$|go\.(mod|sum)$/.test(file) && folders.includes(dirname(join(sources, file)));
    if (counts) hash.update(`${file}\0`).update(readFileSync(join(sources, file)));
  }
  return join(cacheRoot(), 'lab', hash.digest('hex').slice(0, 16));
}

/** @throws LabError without a Go toolchain that is new enough. */
export async function checkGo(): Promise<void> {
  await goVersion();
}

async function goVersion(): Promise<string> {
  let output: string;
  try {
    output = await run('go', ['version']);
  } catch (error) {
    throw new LabError(
      'the Go toolchain was not found; the control plane is built from its Go modules',
      'install Go 1.26 or newer (https://go.dev/dl) and put it on PATH',
      { cause: error },
    );
  }
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(output) ?? [];
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 26)) {
    throw new LabError(`${output.trim()} is too old`, 'install Go 1.26 or newer (https://go.dev/dl)');
  }
  return output;
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-buildvcs=false',
  GOMODCACHE: join(cacheRoot(), 'go', 'mod'),
  GOCACHE: join(cacheRoot(), 'go', 'build'),
});

/** Runs go, telling now and then how far it is: with `-v` it names each package that it compiles. */
async function go(module: string, args: readonly string[], progress: Progress): Promise<void> {
  const child = spawn('go', args, { cwd: module, env: environment(), stdio: ['ignore', 'ignore', 'pipe'] });
  const started = performance.now();
  const tail: string[] = [];
  let packages = 0;
  let told = 0;
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      tail.push(line);
      if (tail.length > 30) tail.shift();
      packages += 1;
    }
    const seconds = Math.round((performance.now() - started) / 1000);
    if (seconds - told < 15) return;
    told = seconds;
    progress(
      args[0] === 'build' ? `building: ${packages} packages, ${seconds} s` : `downloading modules: ${seconds} s`,
    );
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new LabError(
      `go ${args[0]} failed:\n${tail.join('\n')}`,
      'see whether a Go module proxy is reachable, then try again',
    );
  }
}
