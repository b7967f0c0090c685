import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KubernetesChoice, defaultKubernetes } from './kubernetes.ts';
import type { ServeOptions } from './serve.ts';

/** Which emulator a command means. */
export interface Named {
  readonly name: string;
}

function validName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,30}$/.test(name)) return name;
  throw new InvalidArgumentError('Use small letters, digits and dashes, 31 characters at most.');
}

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Write a port, 65535 at most.');
}

function milliseconds(text: string): number {
  if (/^\d{1,4}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  throw new InvalidArgumentError('Write seconds, e.g. 0.5.');
}

/** Adds the option that says which emulator is meant. */
export const named = (command: Command): Command =>
  command.option('-n, --name <name>', 'which emulator', validName, 'default');

/** Adds the options of commands that start an emulator. */
export function serving(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--names <names>',
        "`local`: a cloud on https://localhost; `public`: Azure's own host names, in namespaces of their own",
      )
        .choices(['local', 'public'])
        .default('local'),
    )
    .option('--port <port>', 'the https port; default: any that is free, 443 with public names', port)
    .option('--operation-seconds <s>', 'how long a long-running operation takes', milliseconds)
    .option('--rate-limits', "enforce Resource Manager's limits on calls")
    .addOption(
      new Option(
        '--kubernetes <which>',
        '`lab`: a control plane for each cluster; `attached`: the lab that this runs in; `none`: clusters are entries alone',
      )
        .choices(['lab', 'attached', 'none'])
        .default(defaultKubernetes()),
    );
}

/** What those options come to. */
export interface Serving {
  readonly names: 'local' | 'public';
  readonly port?: number;
  readonly operationSeconds?: number;
  readonly rateLimits?: boolean;
  readonly kubernetes: KubernetesChoice;
}

/** The same, for the emulator. */
export function optionsOf({ names, port, operationSeconds, rateLimits, kubernetes }: Serving): ServeOptions {
  return {
    names,
    kubernetes,
    ...(port !== undefined && { port }),
    ...(operationSeconds !== undefined && { operationMs: operationSeconds }),
    ...(rateLimits !== undefined && { rateLimits }),
  };
}

/** The same options, as a command line. */
export function flagsOf({ names, port, operationSeconds, rateLimits, kubernetes }: Serving): string[] {
  return [
    `--names=${names}`,
    `--kubernetes=${kubernetes}`,
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(operationSeconds === undefined ? [] : [`--operation-seconds=${operationSeconds / 1000}`]),
    ...(rateLimits === true ? ['--rate-limits'] : []),
  ];
}
