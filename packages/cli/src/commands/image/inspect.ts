import {
  type FetchedManifest,
  formatReference,
  type IndexEntry,
  parseReference,
  type Platform,
  type Reference,
  type RegistryClient,
  selectManifest,
} from '@kaito/oci';
import { exitCode, type ExitCode } from '../../failure.ts';
import { type Format, isData, writeData } from '../../output.ts';
import type { Session } from '../../session.ts';
import { bytes } from '../../terminal/quantity.ts';
import { fields, table } from '../../terminal/table.ts';
import { printable } from '../../terminal/terminal.ts';
import { platformName, registryClient } from './registries.ts';

interface Options {
  readonly platform?: readonly Platform[];
  readonly plainHttp?: boolean;
  readonly output?: Format;
}

/** What an image or artifact of one platform is. */
interface Inspected {
  readonly platform?: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType?: string;
  /** Of configuration and layers, in bytes. */
  readonly bytes: number;
  readonly layers: readonly {
    readonly digest: string;
    readonly bytes: number;
    readonly mediaType: string;
    readonly file?: string;
  }[];
  readonly created?: string;
  readonly author?: string;
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `kaito image inspect`: what lies behind a reference, without fetching it. */
export async function inspect(session: Session, text: string, options: Options): Promise<ExitCode> {
  const { terminal } = session;
  const client = registryClient(session, options.plainHttp);
  const reference = parseReference(text);
  const root = await client.fetchManifest(reference);
  const where = formatReference(reference);
  const entries = root.kind === 'index' ? chosen(root.index.manifests, root, options.platform, where) : [undefined];
  const images: Inspected[] = [];
  for (const entry of entries) {
    const at = entry == null ? reference : { ...reference, digest: entry.digest };
    images.push(...(await describe(client, at, entry, entry == null ? root : undefined)));
  }
  const found = { reference: where, digest: root.digest, mediaType: root.mediaType, images };
  if (isData(options.output)) await writeData(terminal, options.output, found);
  else terminal.out(printable(imageText(found)));
  return exitCode.done;
}

/** The images of an index, or those of the platforms asked for; attestations are none. */
function chosen(
  all: readonly IndexEntry[],
  root: FetchedManifest & { readonly kind: 'index' },
  wanted: readonly Platform[] | undefined,
  where: string,
): readonly IndexEntry[] {
  const images = all.filter(({ annotations }) => annotations?.['vnd.docker.reference.type'] == null);
  if (wanted == null) return images;
  const digests = wanted.map((platform) => selectManifest(root.index, platform, where).digest);
  return images.filter(({ digest }) => digests.includes(digest));
}

async function describe(
  client: RegistryClient,
  reference: Reference,
  entry: IndexEntry | undefined,
  fetched?: FetchedManifest,
): Promise<Inspected[]> {
  const manifest = fetched ?? (await client.fetchManifest(reference));
  if (manifest.kind === 'index') return [];
  const { config, layers, artifactType, annotations } = manifest.manifest;
  const told = config == null ? {} : await configuration(client, reference, config);
  const { platform: own, ...rest } = told;
  const platform = entry?.platform ?? own;
  return [
    {
      ...(platform == null ? {} : { platform: platformName(platform) }),
      digest: manifest.digest,
      mediaType: manifest.mediaType,
      ...(artifactType == null ? {} : { artifactType }),
      bytes: [...(config == null ? [] : [config]), ...layers].reduce((sum, { size }) => sum + size, 0),
      layers: layers.map((layer) => {
        const file = layer.annotations?.['org.opencontainers.image.title'];
        return {
          digest: layer.digest,
          bytes: layer.size,
          mediaType: layer.mediaType,
          ...(file == null ? {} : { file }),
        };
      }),
      ...rest,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
  ];
}

const IMAGE_CONFIGS = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];

interface Configuration {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly created?: string;
  readonly author?: string;
  readonly config?: {
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
}

/** What an image's configuration says; nothing of an artifact's, whose configuration is its own affair. */
async function configuration(
  client: RegistryClient,
  reference: Reference,
  descriptor: { readonly digest: string; readonly mediaType: string },
): Promise<Partial<Omit<Inspected, 'platform'>> & { readonly platform?: Platform }> {
  if (!IMAGE_CONFIGS.includes(descriptor.mediaType)) return {};
  const { os, architecture, variant, created, author, config } = parsed(await client.fetchBlob(reference, descriptor));
  return {
    ...(os == null || architecture == null
      ? {}
      : { platform: { os, architecture, ...(variant == null ? {} : { variant }) } }),
    ...(created == null ? {} : { created }),
    ...(author == null || author === '' ? {} : { author }),
    ...(config?.User == null || config.User === '' ? {} : { user: config.User }),
    ...(config?.WorkingDir == null || config.WorkingDir === '' ? {} : { workingDirectory: config.WorkingDir }),
    ...(config?.Entrypoint == null ? {} : { entrypoint: config.Entrypoint }),
    ...(config?.Cmd == null ? {} : { command: config.Cmd }),
    ...(config?.Labels == null ? {} : { labels: config.Labels }),
  };
}

function parsed(bytes: Buffer): Configuration {
  try {
    return (JSON.parse(bytes.toString('utf8')) as Configuration | null) ?? {};
  } catch {
    return {};
  }
}

function imageText(found: {
  readonly reference: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly images: readonly Inspected[];
}): string {
  const head = fields([
    ['Reference', found.reference],
    ['Digest', found.digest],
    ['Type', found.mediaType],
  ]);
  const [only, ...others] = found.images;
  if (only == null) return head;
  if (others.length === 0) return `${head}${one(only)}`;
  const images = table(found.images, [
    { header: 'PLATFORM', value: ({ platform }) => platform ?? '' },
    { header: 'LAYERS', value: ({ layers }) => String(layers.length), align: 'right' },
    { header: 'SIZE', value: (image) => bytes(image.bytes), align: 'right' },
    { header: 'CREATED', value: ({ created }) => created ?? '' },
    { header: 'DIGEST', value: ({ digest }) => digest },
  ]);
  return `${head}\n${images}`;
}

const words = (list: readonly string[] | undefined) => (list == null ? undefined : JSON.stringify(list));

function pairs(record: Readonly<Record<string, string>> | undefined): string | undefined {
  if (record == null) return undefined;
  return Object.entries(record)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

function one(image: Inspected): string {
  const head = fields([
    ['Platform', image.platform],
    ['Artifact', image.artifactType],
    ['Size', bytes(image.bytes)],
    ['Created', image.created],
    ['Author', image.author],
    ['User', image.user],
    ['Directory', image.workingDirectory],
    ['Entrypoint', words(image.entrypoint)],
    ['Command', words(image.command)],
    ['Labels', pairs(image.labels)],
    ['Annotations', pairs(image.annotations)],
  ]);
  if (image.layers.length === 0) return head;
  const layers = table(image.layers, [
    { header: 'LAYER', value: ({ digest }) => digest },
    { header: 'SIZE', value: (layer) => bytes(layer.bytes), align: 'right' },
    { header: 'FILE', value: ({ file }) => file ?? '' },
  ]);
  return `${head}\n${layers}`;
}
