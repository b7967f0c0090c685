// `npm run lab -- azure …`: an Azure on this machine, for trying things and for tests.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  LabError,
  downloadGoModules,
  ensureAcrCredentialProvider,
  ensureBinaries,
  ensureNodePrograms,
} from '@kaito/lab-kubernetes';
import { Command } from 'commander';
import { azureCliVersion, ensureAzureCli } from './azure-cli/install.ts';
import { logIn, loginCommands } from './azure-cli/login.ts';
import { foreground } from './launch/children.ts';
import { keepFolder } from './launch/keeper.ts';
import { endClusters } from './launch/kubernetes.ts';
import { isolated, joining } from './launch/namespaces.ts';
import { directoryOf, readRecord, removeRecord, running, runningNames, writeRecord } from './launch/record.ts';
import { removeNodeCgroups } from './launch/leftovers.ts';
import { type Named, type Serving, flagsOf, named, optionsOf, serving } from './launch/options.ts';
import { serve } from './launch/serve.ts';
import { ensureRegistryProgram, registryPrograms } from './registry/program.ts';

const program = new Command('lab azure')
  .description(
    'Azure on this machine: Resource Manager, Entra ID, Graph, clusters and registries, for the real az and its SDKs.',
  )
  .helpCommand(false)
  .enablePositionalOptions()
  .showHelpAfterError('(--help tells more)');

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tell = (text: string): void => void process.stderr.write(`lab azure: ${text}\n`);
const self = [process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url)];

/** What a program is started with: where the emulator is, and `az` on PATH. */
async function environmentFor(environment: Readonly<Record<string, string>>, az: boolean): Promise<NodeJS.ProcessEnv> {
  const bin = az ? await ensureAzureCli(tell) : undefined;
  const path = process.env['PATH'] ?? '';
  return { ...process.env, ...environment, PATH: bin === undefined ? path : `${bin}:${path}` };
}

serving(named(program.command('up')))
  .description('start an emulator; its state is kept when it ends, and found again')
  .action(async (options: Named & Serving) => {
    const directory = directoryOf(options.name);
    const before = readRecord(directory);
    if (before === undefined) await startDetached(directory, options);
    else if (before.record.names === options.names) say(`Azure ${options.name} runs already, as it was started.`);
    else
      throw new LabError(
        `Azure ${options.name} runs already, with ${before.record.names} names`,
        `end it first: npm run lab -- azure down --name ${options.name}; or give this one another --name`,
      );
    const { record } = running(options.name);
    const flag = options.name === 'default' ? '' : ` --name ${options.name}`;
    const az = loginCommands(record).map((command) => `  az ${command.join(' ')}`);
    say(`Azure ${options.name} is up: ${record.endpoint}, admin ${record.admin}.
${
  record.names === 'public'
    ? `
Its host names exist inside its own namespaces only; what is to see them is run there:

  npm run -s lab -- azure exec${flag} -- bash`
    : `
Point az, the SDKs and kaito at it:

  eval "$(npm run -s lab -- azure env${flag})"`
}
${az.join('\n')}

The real az ${azureCliVersion}, if you have none: npm run -s lab -- azure cli
End it: npm run -s lab -- azure down${flag}`);
  });

/** Fetches and builds what a program in namespaces without a network cannot. */
async function prepare({ names, realNodes }: Serving): Promise<void> {
  if (names !== 'public') return;
  await ensureRegistryProgram(tell);
  if (realNodes !== true) return;
  await ensureBinaries(tell);
  await ensureNodePrograms(tell);
  await ensureAcrCredentialProvider(tell);
}

async function startDetached(directory: string, options: Named & Serving): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  removeNodeCgroups(directory);
  removeRecord(directory);
  const argv = [...self, 'serve', ...flagsOf(options), directory];
  await prepare(options);
  const [file, ...args] = options.names === 'public' ? isolated(argv) : (argv as [string, ...string[]]);
  const log = openSync(join(directory, 'log'), 'w');
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  while (readRecord(directory) === undefined) {
    if (ended !== undefined)
      throw new LabError(
        `the emulator did not start (${ended}): ${readFileSync(join(directory, 'log'), 'utf8').trim()}`,
        'mend what it says, then try again',
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

serving(program.command('serve', { hidden: true }))
  .argument('<directory>')
  .action(async (directory: string, options: Serving) => {
    const azure = await serve(directory, optionsOf(options));
    writeRecord(azure);
    const end = (): void => {
      removeRecord(directory);
      void azure
        .stop()
        // In a process namespace of their own they would not outlive this process, nor be cleaned up after.
        .then(async () => (options.names === 'public' ? await endClusters(directory) : undefined))
        .then(() => process.exit(0));
    };
    process.once('SIGTERM', end).once('SIGINT', end);
  });

async function end(pid: number): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const patience = setTimeout(() => process.kill(pid, 'SIGKILL'), 20_000);
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
  clearTimeout(patience);
}

named(program.command('down'))
  .description('end it; its state stays, unless told otherwise')
  .option('--purge', 'remove its state too')
  .action(async ({ name, purge }: Named & { readonly purge?: boolean }) => {
    const directory = directoryOf(name);
    const found = readRecord(directory);
    if (found !== undefined) await end(found.pid);
    await endClusters(directory);
    removeNodeCgroups(directory);
    if (purge === true) rmSync(directory, { recursive: true, force: true });
    // With what one that was killed has left.
    if (found === undefined) running(name);
    say(`Azure ${name} is gone.`);
  });

program
  .command('list')
  .description('the emulators that run')
  .action(() => {
    for (const name of runningNames()) say(name);
  });

named(program.command('env'))
  .description('print the variables that point az, SDKs and kaito at it, for a shell')
  .action(({ name }: Named) => {
    for (const [key, value] of Object.entries(running(name).record.environment)) say(`export ${key}='${value}'`);
  });

named(program.command('exec'))
  .description('run a command with those variables set and az on PATH; with public names, inside its namespaces')
  .argument('<command...>')
  .option('--no-az', 'do without az')
  .option('--login', 'log az in as the owner first')
  .passThroughOptions()
  .action(
    async (command: string[], { name, az, login }: Named & { readonly az: boolean; readonly login?: boolean }) => {
      const { record, pid } = running(name);
      const env = await environmentFor(record.environment, az);
      const argv = login === true ? [...self, 'logged-in', '--', ...command] : command;
      process.exitCode = await foreground(record.names === 'public' ? joining(pid, argv) : argv, env);
    },
  );

program
  .command('logged-in', { hidden: true })
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command: string[]) => {
    const { env } = process;
    await logIn(
      {
        names: env['KAITO_AZURE_NAMES'] === 'public' ? 'public' : 'local',
        endpoint: env['KAITO_AZURE_ENDPOINT']!,
        tenantId: env['AZURE_TENANT_ID']!,
        owner: { appId: env['KAITO_AZURE_OWNER_ID']!, objectId: '', secret: env['KAITO_AZURE_OWNER_SECRET']! },
      },
      await ensureAzureCli(tell),
      env,
    );
    process.exitCode = await foreground(command, env);
  });

/** What `run` is told. */
type Running = Serving & { readonly az: boolean; readonly login?: boolean };

serving(program.command('run'))
  .description('start an emulator of its own, run a command as exec does, and end it')
  .argument('<command...>')
  .option('--no-az', 'do without az')
  .option('--login', 'log az in as the owner first')
  .passThroughOptions()
  .action(async (command: string[], options: Running) => {
    const flags = [
      ...flagsOf(options),
      ...(options.az ? [] : ['--no-az']),
      ...(options.login === true ? ['--login'] : []),
    ];
    if (options.az) await ensureAzureCli(tell);
    await prepare(options);
    const keeper = keepFolder('kaito-azure-');
    const { directory } = keeper;
    try {
      process.exitCode =
        options.names === 'local'
          ? await runHere(directory, command, options)
          : await foreground(isolated([...self, 'inside', ...flags, '--', directory, ...command]), process.env);
    } finally {
      await keeper.release();
    }
  });

serving(program.command('inside', { hidden: true }))
  .argument('<directory>')
  .argument('<command...>')
  .option('--no-az')
  .option('--login')
  .passThroughOptions()
  .action(async (directory: string, command: string[], options: Running) => {
    // The first process of a namespace is not ended by a signal that it does not handle; once the command runs, that ends by it.
    let begun = false;
    process.on('SIGTERM', () => begun || process.exit(143));
    process.exitCode = await runHere(directory, command, options, () => (begun = true));
  });

/** An emulator in this process, for one command; its state goes into `directory`. */
async function runHere(
  directory: string,
  command: readonly string[],
  options: Running,
  begun: () => void = () => {},
): Promise<number> {
  const azure = await serve(directory, { ...optionsOf(options), owned: true });
  try {
    const env = await environmentFor(azure.environment, options.az);
    if (options.login === true) await logIn(azure, await ensureAzureCli(tell), env);
    begun();
    return await foreground(command, env);
  } finally {
    await azure.stop();
    await endClusters(directory);
  }
}

named(program.command('logs'))
  .description('print what it wrote')
  .action(({ name }: Named) => {
    process.stdout.write(readFileSync(join(directoryOf(name), 'log'), 'utf8'));
  });

program
  .command('build')
  .description('build the registry and install the real az now, or only fetch what they are made of')
  .option('--download', 'only fetch')
  .action(async ({ download }: { readonly download?: boolean }) => {
    // az is packages alone: fetched is installed.
    say(await ensureAzureCli(tell));
    if (download === true) await downloadGoModules(registryPrograms, tell);
    else say(await ensureRegistryProgram(tell));
  });

program
  .command('cli')
  .description(`install the real az ${azureCliVersion} into this project's cache, and print its folder`)
  .action(async () => say(await ensureAzureCli(tell)));

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  tell(error.message);
  tell(error.remedy);
  process.exitCode = 1;
}
