import { Option, type Command } from 'commander';
import { wholeNumber } from '../output.ts';
import { httpFlag, outputFlag, quietFlag } from './flags.ts';
import { examples, type Wiring } from './wiring.ts';

/** Declares the commands about images in registries. */
export function declareImages(program: Command, { act }: Wiring): void {
  program.commandsGroup('Registries:');
  const image = program
    .command('image')
    .helpCommand(false)
    .summary('copy images between registries, and look at them')
    .description(
      "Copies images between registries and looks at them, without a daemon. Logins are Docker's (docker login); for registries of Azure also that of az login or of the environment.",
    )
    .addHelpText(
      'after',
      examples([
        ['kaito image copy docker.io/library/nginx:1.27 me.azurecr.io/nginx', 'into a private registry'],
        ['kaito image inspect me.azurecr.io/nginx:1.27', 'digest, platforms, layers'],
        ['kaito image list me.azurecr.io/nginx', 'its tags'],
      ]),
    );

  const copy = image
    .command('copy')
    .summary('copy an image or artifact to another registry or repository')
    .description(
      'Copies an image or artifact to another registry or repository: straight through, several blobs at once, verified; what is there already ' +
        'is not sent. Run again after a cut, it goes on where it stopped. All platforms are copied, with the same digest, unless --platform names some.',
    )
    .argument('<SOURCE>', 'registry/repository:tag or registry/repository@digest')
    .argument('<DESTINATION>', "registry/repository:tag; the source's tag when left out")
    .option('--platform <PLATFORM>', 'only this platform, e.g. linux/amd64; may be repeated', collect)
    .addOption(new Option('--all-platforms', 'all platforms, as without flags').conflicts('platform'))
    .option('--referrers', 'also what refers to it: signatures, attestations, bills of materials')
    .option('--connections <N>', 'blobs under way at once', wholeNumber('--connections', 1, 64), 6)
    .addHelpText(
      'after',
      examples([
        ['kaito image copy docker.io/library/nginx:1.27 me.azurecr.io/nginx', 'under the same tag'],
        ['kaito image copy SOURCE DESTINATION --platform linux/amd64', 'one platform of it'],
        ['kaito image copy me.azurecr.io/app@sha256:… me.azurecr.io/app:stable', 'another tag in the same registry'],
      ]),
    )
    .action(async (source: string, destination: string, options) => {
      const { copy } = await import('../commands/image/copy.ts');
      await act(async (session) => copy(session, source, destination, { ...options, ...(await platformsOf(options)) }));
    });
  httpFlag(copy);
  quietFlag(copy);
  outputFlag(copy, ['json', 'yaml']);

  const inspect = image
    .command('inspect')
    .summary('show what lies behind a reference, without fetching it')
    .description(
      'Shows digest, platforms, layers, sizes, creation time, entrypoint and labels of an image or artifact, without fetching it.',
    )
    .argument('<REFERENCE>', 'registry/repository:tag or registry/repository@digest')
    .option('--platform <PLATFORM>', 'only this platform, e.g. linux/arm64; may be repeated', collect)
    .addHelpText(
      'after',
      examples([
        ['kaito image inspect mcr.microsoft.com/aks/kaito/kaito-phi-2:0.0.4', 'one image'],
        ['kaito image inspect nginx --platform linux/arm64', 'one platform of many'],
        ['kaito image inspect nginx -o json', 'as data, all platforms'],
      ]),
    )
    .action(async (reference: string, options) => {
      const { inspect } = await import('../commands/image/inspect.ts');
      await act(async (session) => inspect(session, reference, { ...options, ...(await platformsOf(options)) }));
    });
  httpFlag(inspect);
  outputFlag(inspect, ['json', 'yaml']);

  const list = image
    .command('list')
    .summary('list the tags of a repository, or the repositories of a registry')
    .description('Lists the tags of a repository, or the repositories of a registry where it gives the list.')
    .argument('<REPOSITORY>', 'registry/repository, or a registry')
    .addHelpText(
      'after',
      examples([
        ['kaito image list me.azurecr.io/nginx', 'tags'],
        ['kaito image list me.azurecr.io', 'repositories'],
      ]),
    )
    .action(async (repository: string, options) => {
      const { list } = await import('../commands/image/list.ts');
      await act((session) => list(session, repository, options));
    });
  httpFlag(list);
  outputFlag(list, ['json', 'yaml']);
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

async function platformsOf(options: { readonly platform?: readonly string[] }) {
  if (options.platform == null) return {};
  const { platforms } = await import('../commands/image/registries.ts');
  return { platform: options.platform.flatMap(platforms) };
}
