import type { Command } from 'commander';
import { timeSpan, wholeNumber } from '../output.ts';
import { catalogFlag, clusterFlags, fileFlag, namespaceFlag, outputFlag, quietFlag, yesFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands that start and stop Workspaces. */
export function declareRunning(program: Command, { act, actOn }: Wiring): void {
  program.commandsGroup('Run:');

  const up = program
    .command('up')
    .summary('run a Workspace and wait until it answers')
    .description(
      'Runs a Workspace: from a manifest, or from the name of a preset, for which the manifest is made. It goes on in the ' +
        'background when the command ends. On a cluster it says what would be rented at what price, and asks first.',
    )
    .argument('[PRESET]', 'preset to run, see kaito models')
    .option('--quantised', "run the quantised equivalent of a preset that needs GPUs this machine doesn't have")
    .option('--quantisation <NAME>', 'quantisation of the weights, e.g. q8_0')
    .option(
      '--context-length <TOKENS>',
      'tokens per request, prompt and answer together',
      wholeNumber('--context-length', 1),
    )
    .option('--parallel <N>', 'requests served at once', wholeNumber('--parallel', 1))
    .option(
      '--port <PORT>',
      'port of the endpoint; 5000 or the next free one when left out',
      wholeNumber('--port', 0, 65_535),
    )
    .option('--host <ADDRESS>', 'address to listen on; loopback when left out')
    .option('--api-key-file <FILE>', 'require the API key that the file holds')
    .option('--override-estimate', "start although the memory account doesn't fit")
    .option('--no-wait', 'return at once, as soon as it is started')
    .option('--timeout <TIME>', 'give up waiting after this time, e.g. 10m', timeSpan('--timeout'))
    .option('--dry-run', 'validate and plan only; on a cluster the API server tries it too')
    .option('--force-conflicts', 'on a cluster: take over fields that others manage')
    .addHelpText(
      'after',
      examples([
        ['kaito up smollm2-135m-instruct', 'a preset by its name'],
        ['kaito up -f examples/local.yaml', 'a manifest'],
        ['kaito up -f workspace.yaml --quantised', 'a GPU preset, as its quantised equivalent'],
        ['cat workspace.yaml | kaito up -f - --no-wait', 'from standard input, without waiting'],
        ['kaito up -f workspace.yaml --context prod', 'on a cluster; --cluster: on the current one'],
      ]),
    )
    .action(async (preset: string | undefined, options) => {
      await actOn(options, {
        local: async (session) => {
          const { up } = await import('../commands/up.ts');
          return up(session, preset, options);
        },
        cluster: async (session, cluster) => {
          const { up } = await import('../cluster/commands/up.ts');
          return up(session, cluster, preset, options);
        },
      });
    });
  for (const flag of [fileFlag, namespaceFlag, catalogFlag, quietFlag, clusterFlags, yesFlag]) flag(up);
  outputFlag(up, ['json', 'yaml', 'name']);

  const down = program
    .command('down')
    .summary('stop Workspaces')
    .description(
      'Stops Workspaces. On this machine their weights stay in the cache, so that the next start is quick; on a cluster they are ' +
        'deleted, and their machines given back.',
    )
    .argument('[NAME...]', 'Workspaces to stop')
    .option('--all', 'stop all of them; on a cluster those of the namespace, after asking')
    .addHelpText(
      'after',
      examples([
        ['kaito down smollm2-135m-instruct', 'one by its name'],
        ['kaito down -f examples/local.yaml', 'what a manifest names'],
        ['kaito down --all', 'everything on this machine'],
        ['kaito down demo -n team --context prod', 'on a cluster'],
      ]),
    )
    .action(async (names: string[], options) => {
      await actOn(options, {
        local: async (session) => {
          const { down } = await import('../commands/down.ts');
          return down(session, names, options);
        },
        cluster: async (session, cluster) => {
          const { down } = await import('../cluster/commands/down.ts');
          return down(session, cluster, names, options);
        },
      });
    });
  for (const flag of [fileFlag, namespaceFlag, quietFlag, clusterFlags, yesFlag]) flag(down);
  outputFlag(down, ['name']);

  program
    .command('use')
    .summary('show or set where commands act')
    .description(
      'Shows or sets where commands act that name no target: on this machine (local), on the cluster of the current context of the ' +
        'kubeconfig (cluster), or on that of one context.',
    )
    .argument('[TARGET]', 'local, cluster, or the name of a context')
    .addHelpText(
      'after',
      examples([
        ['kaito use', 'show the target'],
        ['kaito use local', 'act on this machine'],
        ['kaito use prod', 'act on the cluster of context prod'],
      ]),
    )
    .action(async (target: string | undefined) => {
      const { use } = await import('../commands/use.ts');
      await act((session) => use(session, target));
    });

  const start = program
    .command('start')
    .summary('first run: start examples/local.yaml and ask it a question')
    .description(
      'What npm start runs: validates, plans and starts examples/local.yaml, asks it a question through POST /chat, ' +
        'and prints the answer, the endpoint and what to do next. The server keeps running.',
    )
    .option('--prompt <TEXT>', 'the question', 'Who is Inigo Montoya and from what movie?')
    .addHelpText('after', examples([['kaito start', 'the first answer']]))
    .action(async (options) => {
      const { start } = await import('../commands/start.ts');
      await act((session) => start(session, options));
    });
  fileFlag(start, 'manifest to start instead of examples/local.yaml');
}
