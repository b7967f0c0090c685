import { type Argument, Command } from 'commander';
import { block, type ExitCode } from '../failure.ts';
import type { Session } from '../session.ts';
import { declareAnswering } from './answering.ts';
import { declareAzure } from './azure.ts';
import { declareImages } from './images.ts';
import { declarePlanning } from './planning.ts';
import { declareRunning } from './running.ts';
import { declareTooling } from './tooling.ts';
import { commandName, withCommandName } from './command-name.ts';
import { examples, type Wiring } from './wiring.ts';

/**
 * The whole `kaito` command. Declares only; actions import what they need when they run. `done` receives the exit code; `words` is the
 * command line, for pointing at the right help.
 */
export function buildProgram(session: Session, done: (code: ExitCode) => void, words: readonly string[] = []): Command {
  const { terminal } = session;
  const called = commandName(terminal.env);
  const help = () => `${[called, ...commandsOf(program, words)].join(' ')} --help`;
  const program = new Command(called)
    .summary('Run AI models from one short manifest')
    .description(
      'Runs AI models from one short manifest, a Workspace: this model, on this kind of machine. ' +
        'It is validated, planned, fetched, started and served behind a REST endpoint, on this machine or on a Kubernetes cluster.',
    )
    .usage('COMMAND [ARGUMENTS] [FLAGS]')
    .helpOption('-h, --help', 'show help')
    .option('-V, --version', 'show the version')
    .addHelpCommand(new Command('help').argument('[COMMAND]').summary('show help for a command').helpGroup('Tools:'))
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(withCommandName(text, terminal.env)),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.columns, 110),
      getErrHelpWidth: () => Math.min(terminal.columns, 110),
      getOutHasColors: () => terminal.outStyle.bold('x') !== 'x',
      getErrHasColors: () => terminal.errStyle.bold('x') !== 'x',
      outputError: (text, write) => write(usageError(text, help(), terminal.errStyle)),
    })
    .configureHelp({
      showGlobalOptions: false,
      styleTitle: (title) => terminal.outStyle.bold(title),
      styleCommandText: (text) => terminal.outStyle.cyan(text),
      styleOptionTerm: (text) => terminal.outStyle.cyan(text),
      styleSubcommandTerm: (text) => terminal.outStyle.cyan(text),
      subcommandTerm: (command) => command.name(),
    });
  const wiring: Wiring = {
    session,
    act: async (work) => done(await work(session)),
    async actOn(flags, { local, cluster }) {
      const { targetOf } = await import('../workspace/target.ts');
      const target = await targetOf(flags, terminal.env);
      if (target.kind === 'local') return done(await local(session));
      const { onCluster } = await import('../cluster/connect.ts');
      done(await onCluster(session, target, (connected) => cluster(session, connected)));
    },
  };
  declareRunning(program, wiring);
  declareAnswering(program, wiring);
  declarePlanning(program, wiring);
  declareImages(program, wiring);
  declareAzure(program, wiring);
  declareTooling(program, wiring);
  for (const command of program.commands) showUsage(command);
  program.addHelpText(
    'after',
    examples([
      ['kaito up smollm2-135m-instruct', 'run a small model here'],
      ['kaito plan -f workspace.yaml', 'what would happen, and why'],
      ['kaito up -f workspace.yaml --cluster', "on the kubeconfig's current cluster"],
      ['kaito chat', 'talk to the model that runs'],
      ['kaito down --all', 'stop everything'],
    ]),
  );
  return program;
}

/** Sets the usage line of a command and of those below it. */
function showUsage(command: Command): void {
  const words = command.registeredArguments.map((argument) => shown(argument));
  const group = words.length === 0 && command.commands.length > 0;
  command.usage([...(group ? ['COMMAND', '[ARGUMENTS]'] : words), '[FLAGS]'].join(' '));
  for (const below of command.commands) showUsage(below);
}

/** The words that name a command and those below it. */
function commandsOf(command: Command, [word = '', ...rest]: readonly string[]): readonly string[] {
  const below = command.commands.find((each) => each.name() === word);
  return below === undefined ? [] : [word, ...commandsOf(below, rest)];
}

/** An argument as usage shows it: in brackets where it may be left out. */
function shown(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? name : `[${name}]`;
}

/** Commander's text of a usage error (`error: …\n(Did you mean …?)`) as one block of ours. */
function usageError(text: string, help: string, style: Session['terminal']['errStyle']): string {
  const [first = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const suggestion = /\(Did you mean (.+)\?\)/.exec(rest.join(' '))?.[1];
  return block(
    {
      code: 'Usage',
      severity: 'error',
      message: `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`,
      remedy: suggestion == null ? `See '${help}'.` : `Did you mean '${suggestion}'? See '${help}'.`,
    },
    style,
  );
}
