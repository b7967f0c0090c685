import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LabError } from '@kaito/lab-kubernetes';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type KubernetesChoice, defaultKubernetes } from './kubernetes.ts';
import type { LayoutImage } from '../registry/layout.ts';
import type { JsonObject } from '../store/store.ts';
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
    )
    .option('--real-nodes', 'machines of clusters are real nodes that run pods; with public names, as root')
    .option('--images <file>', 'images of mcr.microsoft.com and docker.io: JSON, [{"reference", "layout": folder}]')
    .option('--log <file>', 'write what it does there, in place of the error stream')
    .option('--addon-values <file>', "values of KAITO's chart as the AI toolchain operator (JSON)");
}

/** What those options come to. */
export interface Serving {
  readonly names: 'local' | 'public';
  readonly port?: number;
  readonly operationSeconds?: number;
  readonly rateLimits?: boolean;
  readonly kubernetes: KubernetesChoice;
  readonly realNodes?: boolean;
  /** Files. */
  readonly images?: string;
  readonly addonValues?: string;
  readonly log?: string;
}

/** The same, for the emulator. */
export function optionsOf(serving: Serving): ServeOptions {
  const { names, port, operationSeconds, rateLimits, kubernetes, realNodes, images, addonValues, log } = serving;
  return {
    names,
    kubernetes,
    ...(port !== undefined && { port }),
    ...(operationSeconds !== undefined && { operationMs: operationSeconds }),
    ...(rateLimits !== undefined && { rateLimits }),
    ...(realNodes !== undefined && { realNodes }),
    ...(log !== undefined && { log }),
    ...(images !== undefined && { images: readJson<LayoutImage[]>('--images', images) }),
    ...(addonValues !== undefined && { addonValues: readJson<JsonObject>('--addon-values', addonValues) }),
  };
}

/** @throws LabError where it is not there, or no JSON */
function readJson<T>(flag: string, file: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LabError(`${flag} ${file} cannot be read: ${why}`, 'name a file of JSON', { cause: error });
  }
}

/** The same options, as a command line. */
export function flagsOf(serving: Serving): string[] {
  const { names, port, operationSeconds, rateLimits, kubernetes, realNodes, images, addonValues, log } = serving;
  return [
    `--names=${names}`,
    `--kubernetes=${kubernetes}`,
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(operationSeconds === undefined ? [] : [`--operation-seconds=${operationSeconds / 1000}`]),
    ...(rateLimits === true ? ['--rate-limits'] : []),
    ...(realNodes === true ? ['--real-nodes'] : []),
    ...(images === undefined ? [] : [`--images=${resolve(images)}`]),
    ...(log === undefined ? [] : [`--log=${resolve(log)}`]),
    ...(addonValues === undefined ? [] : [`--addon-values=${resolve(addonValues)}`]),
  ];
}
