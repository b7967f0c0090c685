import { digestOf } from '../digest.ts';
import { OciError } from '../errors.ts';
import {
  type Descriptor,
  type Index,
  type IndexEntry,
  parseManifest,
  type Platform,
  selectManifest,
} from '../manifest.ts';
import { formatReference, type Reference } from '../reference.ts';
import type { CallOptions, FetchedManifest, RegistryClient } from '../registry.ts';

export type PlatformChoice = 'all' | readonly Platform[];

/** All that belongs to a reference. */
export interface ImageTree {
  /** Of what the destination's name shall stand for. */
  readonly digest: string;
  /** Each before those that name it. */
  readonly manifests: readonly FetchedManifest[];
  /** Each once. */
  readonly blobs: readonly Descriptor[];
  readonly foreignLayers: number;
  /** How many of the manifests are there as referrers alone. */
  readonly referrers: number;
}

/** Layers that are not to be copied: their media type says so, and `urls` where they are. */
const FOREIGN = /\.foreign\.|\.nondistributable\./;
/** An index may name an index, but not without end. */
const DEEPEST_INDEX = 3;
/** BuildKit's attestations are entries of the index that name the image they are about. */
const ABOUT = 'vnd.docker.reference.digest';

/**
 * Reads the manifests below a reference, and which blobs they need. Of an index the chosen platforms: one alone is taken out of it, several make a new index. Throws OciError as
 * `resolve` does.
 */
export async function readTree(
  client: RegistryClient,
  reference: Reference,
  options: CallOptions & { readonly platforms?: PlatformChoice | undefined; readonly referrers?: boolean | undefined },
): Promise<ImageTree> {
  const { platforms = 'all', signal } = options;
  const walk = new Walk(client, reference, signal);
  const fetched = await client.fetchManifest(reference, { signal });
  const root = platforms === 'all' ? fetched : await walk.choose(fetched, platforms);
  await walk.add(root, 0);
  const own = walk.manifests.length;
  if (options.referrers === true) await walk.addReferrers();
  return {
    digest: root.digest,
    manifests: walk.manifests,
    blobs: [...walk.blobs.values()],
    foreignLayers: walk.foreign.size,
    referrers: walk.manifests.length - own,
  };
}

class Walk {
  readonly #client: RegistryClient;
  readonly #reference: Reference;
  readonly #signal: AbortSignal | undefined;
  readonly #seen = new Set<string>();
  readonly manifests: FetchedManifest[] = [];
  readonly blobs = new Map<string, Descriptor>();
  readonly foreign = new Set<string>();

  constructor(client: RegistryClient, reference: Reference, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#reference = reference;
    this.#signal = signal;
  }

  /** Adds a manifest after all that it names. */
  async add(manifest: FetchedManifest, depth: number): Promise<void> {
    if (this.#seen.has(manifest.digest)) return;
    this.#seen.add(manifest.digest);
    if (manifest.kind === 'index') {
      if (depth === DEEPEST_INDEX) {
        throw new OciError('UnsupportedManifest', `${formatReference(this.#reference)} nests indexes too deeply.`, {
          remedy: 'Copy the indexes below it one by one, by their digests.',
        });
      }
      for (const entry of manifest.index.manifests) await this.add(await this.#fetch(entry.digest), depth + 1);
    } else {
      const { config, layers } = manifest.manifest;
      for (const blob of config === undefined ? layers : [config, ...layers]) {
        if (FOREIGN.test(blob.mediaType) && blob.urls !== undefined) this.foreign.add(blob.digest);
        else this.blobs.set(blob.digest, blob);
      }
    }
    this.manifests.push(manifest);
  }

  /** Adds what refers to the manifests there are, and what refers to that. */
  async addReferrers(): Promise<void> {
    const { registry, repository } = this.#reference;
    for (let at = 0; at < this.manifests.length; at += 1) {
      const { digest } = this.manifests[at]!;
      const listed = await this.#client.referrers({ registry, repository }, digest, { signal: this.#signal });
      for (const entry of listed) await this.add(await this.#fetch(entry.digest), 0);
    }
  }

  /** The part of an index for some platforms. */
  async choose(root: FetchedManifest, platforms: readonly Platform[]): Promise<FetchedManifest> {
    const where = formatReference(this.#reference);
    if (root.kind === 'manifest') {
      await this.#check(root, platforms, where);
      return root;
    }
    const chosen = new Set(platforms.map((platform) => selectManifest(root.index, platform, where).digest));
    const [only] = chosen;
    if (chosen.size === 1 && only !== undefined) return this.#fetch(only);
    return restricted(root, chosen, where);
  }

  /** A manifest that is no index is of one platform: that which its configuration names. */
  async #check(root: FetchedManifest, platforms: readonly Platform[], where: string): Promise<void> {
    const config = root.kind === 'manifest' ? root.manifest.config : undefined;
    if (config === undefined) return;
    const { registry, repository } = this.#reference;
    const bytes = await this.#client.fetchBlob({ registry, repository }, config, { signal: this.#signal });
    const platform = platformOf(bytes);
    if (platform === undefined) return;
    const index: Index = { mediaType: root.mediaType, annotations: {}, manifests: [{ ...config, platform }] };
    for (const wanted of platforms) selectManifest(index, wanted, where);
  }

  #fetch(digest: string): Promise<FetchedManifest> {
    const { registry, repository } = this.#reference;
    return this.#client.fetchManifest({ registry, repository, digest }, { signal: this.#signal });
  }
}

/** The platform that an image's configuration names; undefined for artifacts, which run on any. */
function platformOf(config: Buffer): Platform | undefined {
  try {
    const { os, architecture, variant } = JSON.parse(config.toString('utf8')) as Record<string, unknown>;
    if (typeof os !== 'string' || typeof architecture !== 'string' || os === '') return undefined;
    return { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) };
  } catch {
    return undefined;
  }
}

/** An index with the chosen entries, and the attestations about them; all else stays as it was. */
function restricted(
  root: FetchedManifest & { readonly kind: 'index' },
  chosen: ReadonlySet<string>,
  where: string,
): FetchedManifest {
  const kept = (entry: IndexEntry) => chosen.has(entry.digest) || chosen.has(entry.annotations?.[ABOUT] ?? '');
  const document = JSON.parse(root.bytes.toString('utf8')) as { readonly manifests: readonly unknown[] };
  const manifests = document.manifests.filter((_, at) => kept(root.index.manifests[at]!));
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests }));
  return { ...parseManifest(bytes, root.mediaType, where), bytes, digest: digestOf(bytes), mediaType: root.mediaType };
}
