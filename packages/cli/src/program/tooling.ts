import { Argument, type Command } from 'commander';
import { clusterFlags, namespaceFlag, outputFlag } from './flags.ts';
import { refuseFlags } from '../workspace/target.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands about the command itself and the machine under it. */
export function declareTooling(program: Command, { act, actOn }: Wiring): void {
  program.commandsGroup('Tools:');

  const doctor = program
    .command('doctor')
    .summary('check that models can run on this machine, or on a cluster')
    .description(
      'Checks what running models needs, on this machine or on a cluster, and says what mends what is amiss. It changes nothing. ' +
        'Exit code 1 when something fails.',
    )
    .option('--network', 'on this machine: also ask the sources of weights whether they answer')
    .addHelpText(
      'after',
      examples([
        ['kaito doctor', 'check'],
        ['kaito doctor --network', 'and the network'],
        ['kaito doctor --context prod', 'a cluster: API server, rights, operator, webhook, GPU nodes, Workspaces'],
      ]),
    )
    .action(async (options) => {
      await actOn(options, {
        local: async (session) => {
          const { doctor } = await import('../commands/doctor.ts');
          refuseFlags(options, ['--namespace'], 'on this machine');
          return doctor(session, options);
        },
        cluster: async (session, cluster) => {
          const { doctor } = await import('../cluster/commands/doctor.ts');
          return doctor(session, cluster, options);
        },
      });
    });
  namespaceFlag(doctor, "on a cluster: where your rights are asked for; the context's when left out");
  clusterFlags(doctor);
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
