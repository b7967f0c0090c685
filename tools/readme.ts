// Runs the README's commands as a new user would: a clean clone in an empty folder, with empty caches and an empty home.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'kaito-readme-'));
const clone = join(work, 'kaito');
const home = join(work, 'home');
mkdirSync(home);

/** What must be printed by the block that holds the command, beside its exit status 0. */
const expectations: readonly (readonly [command: RegExp, output: RegExp])[] = [
  [/^npm start$/m, /Inigo Montoya[\s\S]*http:\/\/127\.0\.0\.1:\d+/],
  [/^curl .*:\d+\/chat /m, /"Result":/],
  [/^curl .*\/v1\/chat\/completions/m, /"chat\.completion"/],
  [/^\.\/kaito get$/m, /smollm2-135m-instruct/],
  [/kubectl get workspace$/m, /workspace-mistral-7b-instruct +Standard_NC64as_T4_v3 +True +True/],
  [
    /^\.\/kaito describe .* --cluster$/m,
    /WorkspaceReady +True[\s\S]*workspace-phi-2 .*released|released[\s\S]*workspace-phi-2/,
  ],
  [/kubectl get workspaces,nodeclaims,nodes$/m, /mistral-7b-instruct[\s\S]*nodeclaim[\s\S]*node\/aks-ws/],
  [/kaito azure doctor/, /✓ image[\s\S]*Machines can be rented/],
  [/^\.\/kaito plan -f examples\/seed\.yaml/m, /Standard_NC64as_T4_v3/],
];

// The clone's own node_modules come first; what the caller's test run put on PATH must not help it.
const path = (process.env['PATH'] ?? '')
  .split(':')
  .filter((entry) => !entry.startsWith(source))
  .join(':');
const kept = Object.entries(process.env).filter(
  ([name]) =>
    !/^(npm_|INIT_CWD|NODE|XDG_|KAITO_|HOME$|PATH$)/.test(name) || /^npm_config_(registry|cafile)$/i.test(name),
);
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(kept),
  PATH: path,
  HOME: home,
  XDG_CACHE_HOME: join(home, 'cache'),
  XDG_STATE_HOME: join(home, 'state'),
};
const userConfiguration = join(process.env['HOME'] ?? '', '.npmrc');
environment['npm_config_userconfig'] = userConfiguration;
environment['npm_config_cache'] = join(home, 'npm');

// The control plane's programs are built once, by the tests before: their sources are the same, and the build takes minutes.
const built = join(process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'), 'kaito', 'lab');
const labCache = join(home, 'cache', 'kaito', 'lab');
mkdirSync(labCache, { recursive: true });
for (const digest of existsSync(built) ? readdirSync(built) : []) {
  if (/^[0-9a-f]{16}$/.test(digest)) symlinkSync(join(built, digest), join(labCache, digest));
}

let failed = false;
try {
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', source, clone], { stdio: 'inherit' });
  const blocks = [...readFileSync(join(clone, 'README.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    (match) => match[1]!,
  );
  if (blocks.length === 0) throw new Error('README.md has no ```sh blocks');
  const missing = expectations.filter(([command]) => !blocks.some((block) => command.test(block)));
  if (missing.length > 0)
    throw new Error(`README.md no longer has ${missing.map(([command]) => String(command)).join(', ')}`);
  for (const block of blocks) {
    // `npm test` is what runs this file, and the walkthrough before it.
    const commands = block.replace(/^(git clone|cd|npm test|npm run walkthrough).*$/gm, '').trim();
    if (commands === '') continue;
    process.stdout.write(`\n${commands.replaceAll(/^/gm, '$ ')}\n`);
    const start = performance.now();
    const { code, output } = await shell(commands);
    process.stdout.write(`(${((performance.now() - start) / 1000).toFixed(1)} s)\n`);
    if (code !== 0) throw new Error(`exit status ${code}: ${commands}`);
    for (const [command, expected] of expectations) {
      if (command.test(block) && !expected.test(output))
        throw new Error(`${String(expected)} is not in the output of: ${commands}`);
    }
  }
} catch (error) {
  failed = true;
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await shell('[ ! -x ./kaito ] || [ ! -d node_modules ] || ./kaito down --all').catch(() => undefined);
  await shell('[ ! -d node_modules ] || npm run -s lab -- down').catch(() => undefined);
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

async function shell(commands: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('sh', ['-ec', commands], { cwd: clone, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // `close`: a server left running that still held this terminal would keep the run from ending.
    child.once('close', (code) => resolve({ code, output }));
  });
}
