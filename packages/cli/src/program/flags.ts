import { type Command, Option } from 'commander';
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

/** The flags that name a cluster. */
export function clusterFlags(command: Command): Command {
  return command
    .option('--context <CONTEXT>', 'act on the cluster of this context of the kubeconfig')
    .option('--cluster', "act on the cluster of the kubeconfig's current context")
    .option('--kubeconfig <FILE>', 'kubeconfig to read; KUBECONFIG or ~/.kube/config when left out');
}

/** `--yes`: nothing is asked. */
export function yesFlag(command: Command): Command {
  return command.option('-y, --yes', 'agree beforehand to what would be asked');
}

/** `--plain-http`. */
export function httpFlag(command: Command): Command {
  return command.option('--plain-http', 'allow unencrypted http to registries on other machines');
}
