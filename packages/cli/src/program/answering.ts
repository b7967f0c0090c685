import type { Command } from 'commander';
import { decimal, wholeNumber } from '../output.ts';
import { clusterFlags, namespaceFlag, outputFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands that look at and talk to what runs. */
export function declareAnswering(program: Command, { actOn }: Wiring): void {
  program.commandsGroup('Look and talk:');

  const get = program
    .command('get')
    .summary('list Workspaces, or show one')
    .description('Lists the Workspaces with their state, or shows one.')
    .argument('[NAME...]', "Workspaces to show; the word 'workspaces' before them may be left out")
    .option('-A, --all-namespaces', 'of all namespaces of a cluster; on this machine all are shown anyway')
    .option('-w, --watch', 'go on and show each change')
    .option('--no-headers', 'leave out the line of column names')
    .addHelpText(
      'after',
      examples([
        ['kaito get', 'all of them'],
        ['kaito get workspaces -o wide', 'with more columns'],
        ['kaito get smollm2-135m-instruct -o yaml', 'one as an object, with its status'],
        ['kaito get -w', 'and each change'],
        ['kaito get -A --cluster', "all on the kubeconfig's current cluster"],
      ]),
    )
    .action(async (names: string[], options) => {
      await actOn(options, {
        local: async (session) => {
          const { get } = await import('../commands/get.ts');
          return get(session, names, options);
        },
        cluster: async (session, cluster) => {
          const { get } = await import('../cluster/commands/get.ts');
          return get(session, cluster, names, options);
        },
      });
    });
  namespaceFlag(get, 'only Workspaces of this namespace');
  clusterFlags(get);
  outputFlag(get, ['wide', 'json', 'yaml', 'name']);

  const describe = program
    .command('describe')
    .summary('tell how a Workspace stands, and why')
    .description(
      'Tells how a Workspace stands: phases with their times, conditions, the root cause and its remedy; on this machine the memory account, ' +
        'on a cluster the machines, pods and events.',
    )
    .argument('[NAME]', 'Workspace; the only one when left out')
    .addHelpText(
      'after',
      examples([
        ['kaito describe smollm2-135m-instruct', 'why is it not ready?'],
        ['kaito describe demo -n team --context prod', 'on a cluster'],
      ]),
    )
    .action(async (name: string | undefined, options) => {
      await actOn(options, {
        local: async (session) => {
          const { describe } = await import('../commands/describe.ts');
          return describe(session, name, options);
        },
        cluster: async (session, cluster) => {
          const { describe } = await import('../cluster/commands/describe.ts');
          return describe(session, cluster, name, options);
        },
      });
    });
  namespaceFlag(describe);
  clusterFlags(describe);
  outputFlag(describe, ['json', 'yaml']);

  const logs = program
    .command('logs')
    .summary("print the log of a Workspace's server")
    .description(
      "Prints the log of a Workspace's server; on a cluster of each of its pods, and before the server starts of the container that fetches the weights.",
    )
    .argument('[NAME]', 'Workspace; the only one when left out')
    .option('-f, --follow', 'go on with new lines')
    .option('--tail <N>', 'only the last N lines', wholeNumber('--tail', 0))
    .option('--supervisor', "on this machine: the supervisor's log: fetching, starting, restarting")
    .option('-c, --container <NAME>', 'on a cluster: this container, e.g. weights')
    .option('-p, --previous', 'on a cluster: of the run before the last restart')
    .addHelpText(
      'after',
      examples([
        ['kaito logs --tail 50', 'the last lines'],
        ['kaito logs smollm2-135m-instruct --follow', 'and what comes'],
        ['kaito logs --supervisor', 'how it was fetched and started'],
        ['kaito logs demo -f --cluster', 'on a cluster, as it comes'],
      ]),
    )
    .action(async (name: string | undefined, options) => {
      await actOn(options, {
        local: async (session) => {
          const { logs } = await import('../commands/logs.ts');
          return logs(session, name, options);
        },
        cluster: async (session, cluster) => {
          const { logs } = await import('../cluster/commands/logs.ts');
          return logs(session, cluster, name, options);
        },
      });
    });
  namespaceFlag(logs);
  clusterFlags(logs);

  const chat = program
    .command('chat')
    .summary('talk to a model')
    .description(
      'Talks to a model: one message with -m or from standard input, else a conversation. The answer is streamed; ' +
        'Ctrl-C stops it, Ctrl-D ends the conversation. On a cluster a port is forwarded into a pod that serves.',
    )
    .argument('[NAME]', 'Workspace; the only one when left out')
    .option('-m, --message <TEXT>', 'one message, then end')
    .option('--system <TEXT>', 'system message before the conversation')
    .option('--max-tokens <N>', 'tokens of an answer at most', wholeNumber('--max-tokens', 1), 512)
    .option(
      '--temperature <T>',
      '0: always the likeliest word; 1: as the model has it',
      decimal('--temperature', 0, 2),
      0.2,
    )
    .option('--seed <N>', 'same seed, same answer', wholeNumber('--seed', 0))
    .option('--api-key-file <FILE>', "the server's API key, where the file given to kaito up has moved")
    .addHelpText(
      'after',
      examples([
        ['kaito chat', 'a conversation'],
        ['kaito chat -m "Why is the sky blue?"', 'one message'],
        ['kaito chat demo --context prod', 'on a cluster'],
        ['kaito chat --system "Answer in French." < question.txt', 'a message from a file'],
      ]),
    )
    .action(async (name: string | undefined, options) => {
      await actOn(options, {
        local: async (session) => {
          const { chat } = await import('../commands/chat.ts');
          return chat(session, name, options);
        },
        cluster: async (session, cluster) => {
          const { chat } = await import('../cluster/commands/chat.ts');
          return chat(session, cluster, name, options);
        },
      });
    });
  namespaceFlag(chat);
  clusterFlags(chat);
}
