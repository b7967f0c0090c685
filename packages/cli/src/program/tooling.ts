import { Argument, type Command } from 'commander';
import { outputFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands about the command itself and the machine under it. */
export function declareTooling(program: Command, { act }: Wiring): void {
  program.commandsGroup('Tools:');

  const doctor = program
    .command('doctor')
    .summary('check that this machine can run models')
    .description(
      'Checks what running models on this machine needs, and says what mends what is amiss. Exit code 1 when something is.',
    )
    .option('--network', 'also ask the sources of weights whether they answer')
    .addHelpText(
      'after',
      examples([
        ['kaito doctor', 'check'],
        ['kaito doctor --network', 'and the network'],
      ]),
    )
    .action(async (options) => {
      const { doctor } = await import('../commands/doctor.ts');
      await act((session) => doctor(session, options));
    });
  outputFlag(doctor, ['json', 'yaml']);

  const version = program
    .command('version')
    .summary('show the version')
    .description('Shows the version of kaito, Node and the inference engine.')
    .addHelpText('after', examples([['kaito version -o json', 'as data']]))
    .action(async (options) => {
      const { version } = await import('../commands/version.ts');
      await act((session) => version(session, options));
    });
  outputFlag(version, ['json', 'yaml']);

  program
    .command('completion')
    .summary('print the completion script for a shell')
    .description('Prints the script that completes commands, flags, Workspaces and presets in a shell.')
    .addArgument(new Argument('<SHELL>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examples([
        ['source <(kaito completion bash)', 'in ~/.bashrc'],
        ['source <(kaito completion zsh)', 'in ~/.zshrc, after compinit'],
        ['kaito completion fish | source', 'in ~/.config/fish/config.fish'],
      ]),
    )
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completion } = await import('../commands/completion.ts');
      await act((session) => completion(session, shell));
    });

  program
    .command('__complete', { hidden: true })
    .argument('[WORD...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { complete } = await import('../completion/complete.ts');
      await act((session) => complete(session, program, words));
    });
}
