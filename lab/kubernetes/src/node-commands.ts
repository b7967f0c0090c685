import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ControlPlane } from './control-plane.ts';
import { LabError } from './error.ts';
import type { Progress } from './go-programs.ts';
import { addNodes, kubectl } from './nodes.ts';
import { podFateLabel, podFates } from './pod-stages.ts';
import { addRealNode, realNodeNames, removeRealNode } from './real-nodes/nodes.ts';

interface Named {
  readonly name: string;
}

interface AddOptions extends Named {
  readonly count: number;
  readonly gpus: number;
  readonly instanceType?: string;
  readonly label: readonly string[];
  readonly taint: readonly string[];
  readonly prefix: string;
  readonly real?: boolean;
  readonly diskGib?: number;
  readonly image: readonly string[];
  readonly mirror?: string;
}

/** What the commands share with those of other files. */
export interface CommandLine {
  /** Adds the option that names a lab. */
  readonly named: (command: Command) => Command;
  /** @throws LabError where it does not run. */
  readonly running: (name: string) => ControlPlane;
  readonly validName: (text: string) => string;
  readonly say: Progress;
  readonly tell: Progress;
}

function count(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number, 9999 at most.');
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function labelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [key, ...value] = text.split('=');
      if (key === undefined || key === '' || value.length === 0)
        throw new LabError(`"${text}" is no label`, 'write key=value');
      return [key, value.join('=')];
    }),
  );
}

/** The first names of a row that no node has. */
async function freeNames(lab: ControlPlane, prefix: string, wanted: number): Promise<string[]> {
  const taken = new Set((await kubectl(lab, ['get', 'nodes', '-o', 'name'])).split('\n'));
  const names: string[] = [];
  for (let index = 0; names.length < wanted; index += 1) {
    const name = `${prefix}-${index}`;
    if (!taken.has(`node/${name}`)) names.push(name);
  }
  return names;
}

const real = (flags: string, description: string): Option => new Option(flags, `${description} (with --real)`);

/** `lab nodes …`. */
export function nodeCommands(program: Command, { named, running, validName, say, tell }: CommandLine): void {
  const nodes = program
    .command('nodes')
    .description(
      `simulated nodes, and real ones beside them; on simulated ones a pod's label ${podFateLabel} (${podFates.join(', ')}) decides how it fares, without it it is Ready at once`,
    );

  named(nodes.command('add'))
    .description('add nodes')
    .option('--count <n>', 'how many', count, 1)
    .option('--gpus <n>', 'GPUs of each; a real one offers them once a device plugin runs there', count, 0)
    .option('--instance-type <type>', 'value of the label node.kubernetes.io/instance-type')
    .option('--label <key=value>', 'a label; may be repeated', collect, [])
    .option('--taint <key=value:effect>', 'a taint; may be repeated', collect, [])
    .option('--prefix <name>', 'beginning of their names', validName, 'node')
    .option('--real', 'kubelet, containerd and kube-proxy, which run containers (as root)')
    .addOption(real('--disk-gib <n>', 'size of the disk that is reported').argParser(count).implies({ real: true }))
    .addOption(
      real('--image <file>', 'a tar of images that are there from the start; may be repeated')
        .argParser(collect)
        .default([]),
    )
    .addOption(
      real('--mirror <url>', 'a registry inside the lab that every image is pulled from').implies({ real: true }),
    )
    .action(async (options: AddOptions) => {
      const lab = running(options.name);
      const names = await freeNames(lab, options.prefix, options.count);
      const shared = {
        gpus: options.gpus,
        labels: labelsOf(options.label),
        taints: options.taint,
        ...(options.instanceType !== undefined && { instanceType: options.instanceType }),
      };
      if (options.real === true) {
        const node = {
          ...shared,
          images: options.image,
          ...(options.diskGib !== undefined && { diskGiB: options.diskGib }),
          ...(options.mirror !== undefined && { registry: { mirror: options.mirror } }),
        };
        await Promise.all(names.map((name) => addRealNode(lab, { ...node, name }, tell)));
      } else if (options.image.length > 0) {
        throw new LabError('a simulated node runs no image', 'add --real');
      } else {
        await addNodes(
          lab,
          names.map((name) => ({ ...shared, name })),
        );
      }
      say(names.join('\n'));
    });

  named(nodes.command('list'))
    .description('show them')
    .action(async ({ name }: Named) => {
      say((await kubectl(running(name), ['get', 'nodes', '-L', 'node.kubernetes.io/instance-type'])).trimEnd());
    });

  named(nodes.command('remove'))
    .description('remove nodes by name; from real ones their pods are evicted first')
    .argument('<node...>')
    .action(async (names: string[], { name }: Named) => {
      const lab = running(name);
      const known = await realNodeNames(lab);
      await Promise.all(names.filter((each) => known.includes(each)).map((each) => removeRealNode(lab, each)));
      const others = names.filter((each) => !known.includes(each));
      if (others.length > 0) await kubectl(lab, ['delete', 'node', ...others]);
      say(names.map((each) => `${each} removed`).join('\n'));
    });

  named(nodes.command('kill'))
    .description('end real nodes as machines that lose their power; their Nodes become NotReady')
    .argument('<node...>')
    .action(async (names: string[], { name }: Named) => {
      const lab = running(name);
      const known = await realNodeNames(lab);
      const unknown = names.filter((each) => !known.includes(each));
      if (unknown.length > 0) {
        throw new LabError(`no real node named ${unknown.join(', ')} runs`, 'see them: npm run lab -- nodes list');
      }
      await Promise.all(names.map((each) => removeRealNode(lab, each, { abruptly: true })));
      say(names.map((each) => `${each} killed`).join('\n'));
    });
}
