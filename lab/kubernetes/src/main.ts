// `npm run lab -- …`: a real control plane on this machine, for trying things and for tests.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { azureProgram } from './azure-environment.ts';
import { startAzure } from './azure.ts';
import { downloadModules, ensureBinaries } from './binaries.ts';
import { componentNames } from './components.ts';
import {
  type ControlPlane,
  attach,
  checkNamespaces,
  namedDirectories,
  runsIn,
  startControlPlane,
} from './control-plane.ts';
import { LabError } from './error.ts';
import { exitCode } from './exit-code.ts';
import { cacheRoot, checkGo } from './go-programs.ts';
import { downloadIngressController, ensureIngressController } from './ingress/ingress-controller.ts';
import { installKaito, kaitoPrograms } from './kaito.ts';
import { nodeCommands } from './node-commands.ts';
import { downloadAcrCredentialProvider, ensureAcrCredentialProvider } from './real-nodes/acr-credential-provider.ts';
import { downloadNodePrograms, ensureNodePrograms } from './real-nodes/programs.ts';
import { checkRealNodes } from './real-nodes/requirements.ts';

const home = join(cacheRoot(), 'lab', 'clusters');
const directoryOf = (name: string): string => join(home, name);
const logOf = ({ directory }: ControlPlane, program: string): string => join(directory, `${program}.log`);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tell = (text: string): void => void process.stderr.write(`lab: ${text}\n`);

interface Named {
  readonly name: string;
}

function validName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) return name;
  throw new InvalidArgumentError('Use small letters, digits and dashes, 31 characters at most.');
}

function named(command: Command): Command {
  return command.option('-n, --name <name>', 'which lab', validName, 'default');
}

function running(name: string): ControlPlane {
  try {
    return attach(directoryOf(name));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    throw new LabError(`no lab named ${name} runs`, `start it: npm run lab -- up --name ${name}`);
  }
}

const isRunning = (name: string): boolean => runsIn(directoryOf(name));

const program = new Command('lab')
  .description(
    'A real Kubernetes control plane in a network namespace of its own, with simulated nodes. Nothing is installed into this machine.',
  )
  .helpCommand(false)
  .enablePositionalOptions()
  .showHelpAfterError('(--help tells more)');

named(program.command('up'))
  .description('start a control plane, building its programs on first use (minutes)')
  .option('--kaito', 'install charts/kaito on it, and run the operator and a simulated provisioner of machines')
  .addOption(
    new Option('--azure', 'an Azure in it, with an AKS cluster of this API server whose add-on is KAITO').conflicts(
      'kaito',
    ),
  )
  .action(async ({ name, kaito, azure }: Named & { readonly kaito?: boolean; readonly azure?: boolean }) => {
    const began = performance.now();
    if (isRunning(name) && kaito !== true && azure !== true) {
      say(`Lab ${name} runs already.`);
      return;
    }
    const lab = isRunning(name)
      ? running(name)
      : await startControlPlane({ directory: directoryOf(name), detached: true, progress: tell });
    if (kaito === true) await installKaito(lab, tell);
    if (azure === true) await startAzure(lab, tell);
    const flag = name === 'default' ? '' : ` --name ${name}`;
    say(`Lab ${name} is up after ${((performance.now() - began) / 1000).toFixed(1)} s.

  export KUBECONFIG=${lab.hostKubeconfig}   # kubectl from here
  npm run -s lab -- nodes add${flag} --gpus 4 --instance-type Standard_NC64as_T4_v3
  npm run -s lab -- exec${flag} -- kubectl get nodes${azure === true ? `\n  npm run -s lab -- exec${flag} -- ./kaito azure doctor -g KaitoLab -n kaito` : ''}
  npm run -s lab -- down${flag}`);
  });

named(program.command('down'))
  .description('end it; nothing stays behind')
  .option('--all', 'every lab')
  .action(async ({ name, all }: Named & { readonly all?: boolean }) => {
    const names = all === true ? namedDirectories(home).filter(isRunning) : [name];
    for (const each of names) {
      await running(each).stop();
      say(`Lab ${each} is gone.`);
    }
  });

program
  .command('run')
  .description('start a lab of its own, run a command inside it as exec does, and end it')
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command: string[]) => {
    const lab = await startControlPlane({ progress: tell });
    try {
      // An API server that has started anew has forgotten the first resourceVersions, as one that is in use has.
      await lab.restart('kube-apiserver');
      process.exitCode = await exitCode(() => lab.exec(command));
    } finally {
      await lab.stop();
    }
  });

program
  .command('azure')
  .description('an Azure on this machine: npm run lab -- azure --help')
  .argument('[arguments...]')
  .helpOption(false)
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (given: string[]) => {
    const azure = fileURLToPath(new URL('../../azure/src/main.ts', import.meta.url));
    const flags = ['--disable-warning=ExperimentalWarning'];
    process.exitCode = await exitCode(() => spawn(process.execPath, [...flags, azure, ...given], { stdio: 'inherit' }));
  });

program
  .command('demo')
  .description('KAITO on AKS, all of it on this machine: the walkthrough, left running with a page of what to try')
  .action(async () => {
    const script = fileURLToPath(new URL('../../../tools/walkthrough.sh', import.meta.url));
    process.exitCode = await exitCode(() => spawn('sh', [script, '--keep'], { stdio: 'inherit' }));
  });

program
  .command('build')
  .description(
    'build its programs now, those of real nodes too where this machine can have some, or only fetch what they are made of',
  )
  .option('--download', 'only fetch the sources')
  .option('--ingress', 'the ingress controller too, which takes as long as all others')
  .action(async ({ download, ingress }: { readonly download?: boolean; readonly ingress?: boolean }) => {
    const realNodes = await checkRealNodes().then(
      () => true,
      () => false,
    );
    if (download === true) {
      await downloadModules(tell);
      if (realNodes) {
        await downloadNodePrograms(tell);
        await downloadAcrCredentialProvider(tell);
      }
      if (ingress === true) await downloadIngressController(tell);
    } else {
      say(await ensureBinaries(tell));
      if (realNodes) {
        await ensureNodePrograms(tell);
        await ensureAcrCredentialProvider(tell);
      }
      if (ingress === true) await ensureIngressController(tell);
    }
  });

program
  .command('check')
  .description('say whether this machine can have a lab')
  .action(async () => {
    await Promise.all([checkGo(), checkNamespaces()]);
    say('This machine can have a lab.');
    await checkRealNodes().then(
      () => say('It can have real nodes too.'),
      (error: LabError) => say(`It has no real nodes, only simulated ones: ${error.message}; ${error.remedy}.`),
    );
  });

program
  .command('list')
  .description('the labs that run')
  .action(() => {
    for (const name of namedDirectories(home).filter(isRunning)) say(name);
  });

named(program.command('kubeconfig'))
  .description('print a kubeconfig that works on this machine')
  .option('--path', 'only where its file is')
  .action(({ name, path }: Named & { readonly path?: boolean }) => {
    const file = running(name).hostKubeconfig;
    process.stdout.write(path === true ? `${file}\n` : readFileSync(file, 'utf8'));
  });

named(program.command('exec'))
  .description('run a command inside the network namespace, with KUBECONFIG set and kubectl, helm and kwok on PATH')
  .argument('<command...>')
  .passThroughOptions()
  .action(async (command: string[], { name }: Named) => {
    process.exitCode = await exitCode(() => running(name).exec(command));
  });

named(program.command('logs'))
  .description('print the log of a program')
  .argument(
    '<program>',
    `${[...componentNames, ...kaitoPrograms, azureProgram].join(', ')}, NODE.kubelet of a real node, …`,
  )
  .action((component: string, { name }: Named) => {
    const known = readdirSync(running(name).directory)
      .filter((file) => file.endsWith('.log'))
      .map((file) => file.slice(0, -'.log'.length));
    if (!known.includes(component)) {
      throw new LabError(`there is no log of ${component}`, `name one of ${known.join(', ')}`);
    }
    process.stdout.write(readFileSync(logOf(running(name), component), 'utf8'));
  });

nodeCommands(program, { named, running, validName, say, tell });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  tell(error.message);
  tell(error.remedy);
  process.exitCode = 1;
}
