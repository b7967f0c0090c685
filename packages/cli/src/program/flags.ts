import { type Command, Option } from 'commander';
import { failure } from '../failure.ts';
import type { Format } from '../output.ts';

/** `-o`, with the formats this command has. */
export function outputFlag(command: Command, formats: readonly Format[]): Command {
  return command.addOption(new Option('-o, --output <FORMAT>', 'output format').choices(formats));
}

/** `-f FILE`, once or many times; `-` is standard input. */
export function fileFlag(command: Command, text = 'manifest to read, - for standard input; may be repeated'): Command {
  return command.option('-f, --filename <FILE>', text, (file: string, files: string[] = []) => [...files, file]);
}

/** `-n NAMESPACE`. */
export function namespaceFlag(command: Command, text = 'namespace of the Workspace'): Command {
  return command.option('-n, --namespace <NAMESPACE>', text);
}

/** `--catalog FILE`. */
export function catalogFlag(command: Command): Command {
  return command.option(
    '--catalog <FILE>',
    'add models, machines and prices from a catalog file, or machines from az vm list-skus -o json',
    (file: string, files: string[] = []) => [...files, file],
  );
}

/** `-q`. */
export function quietFlag(command: Command, text = 'print results and errors only'): Command {
  return command.option('-q, --quiet', text);
}

/** The flags that would name a cluster: understood, so that they are refused by name and not ignored. Not in help. */
export function clusterFlags(command: Command): Command {
  return command
    .addOption(new Option('--context <CONTEXT>').hideHelp())
    .addOption(new Option('--cluster <CLUSTER>').hideHelp())
    .hook('preAction', (_, acting) => {
      const { context, cluster } = acting.opts<{ context?: string; cluster?: string }>();
      if (context == null && cluster == null) return;
      const flag = context == null ? `--cluster ${cluster}` : `--context ${context}`;
      throw failure(
        'NotSupported',
        `${flag} names a cluster, but this build runs Workspaces on this machine only.`,
        'Leave the flag out to act on this machine.',
      );
    });
}
