import type { Dirent } from 'node:fs';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

// The layout is distribution's (registry/storage/paths.go); what it does not tell over HTTP is read from there: every manifest of a repository, and when
// manifests and tags came.

export interface TagContent {
  readonly name: string;
  readonly digest: string;
  readonly created: Date;
  readonly updated: Date;
}

export interface ManifestContent {
  readonly digest: string;
  readonly mediaType: string;
  /** Of the manifest and all that it names, bytes. */
  readonly imageBytes: number;
  readonly created: Date;
  readonly architecture?: string;
  readonly os?: string;
  readonly configMediaType?: string;
  readonly artifactType?: string;
  /** Digest of the manifest that it is about. */
  readonly subject?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the manifest alone, bytes. */
  readonly bytes: number;
  readonly tags: readonly string[];
}

interface Stored {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: { readonly mediaType?: string; readonly digest?: string; readonly size?: number };
  readonly layers?: readonly { readonly size?: number }[];
  readonly manifests?: readonly { readonly size?: number }[];
  readonly subject?: { readonly digest?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** What one registry holds, read from its storage. */
export class RegistryContent {
  readonly #root: string;

  /** @param folder the registry's storage */
  constructor(folder: string) {
    this.#root = join(folder, 'docker', 'registry', 'v2');
  }

  /** Whether a repository holds a manifest; the folder of a deleted one stays. */
  async has(repository: string): Promise<boolean> {
    const folder = join(this.#manifests(repository), 'revisions', 'sha256');
    for (const { name } of await entries(folder))
      if ((await text(join(folder, name, 'link'))) !== undefined) return true;
    return false;
  }

  /** Repositories that hold a manifest, in order. */
  async repositories(): Promise<string[]> {
    const found: string[] = [];
    const walk = async (below: readonly string[]): Promise<void> => {
      for (const entry of await entries(join(this.#root, 'repositories', ...below))) {
        if (!entry.isDirectory()) continue;
        if (entry.name === '_manifests') {
          if (await this.has(below.join('/'))) found.push(below.join('/'));
        } else if (!entry.name.startsWith('_')) await walk([...below, entry.name]);
      }
    };
    await walk([]);
    return found.toSorted();
  }

  /** By name. */
  async tags(repository: string): Promise<TagContent[]> {
    const folder = join(this.#manifests(repository), 'tags');
    const names = (await entries(folder)).map(({ name }) => name).toSorted();
    const found = await Promise.all(
      names.map(async (name) => {
        const link = join(folder, name, 'current', 'link');
        const digest = await text(link);
        if (digest === undefined) return undefined;
        const first = await entries(join(folder, name, 'index', 'sha256'));
        const times = await Promise.all(
          first.map(async (entry) => await time(join(folder, name, 'index', 'sha256', entry.name, 'link'))),
        );
        const updated = await time(link);
        return { name, digest, created: new Date(Math.min(...times, updated)), updated: new Date(updated) };
      }),
    );
    return found.filter((tag) => tag !== undefined);
  }

  /** By digest. */
  async manifests(repository: string): Promise<ManifestContent[]> {
    const folder = join(this.#manifests(repository), 'revisions', 'sha256');
    const tags = await this.tags(repository);
    const found = await Promise.all(
      (await entries(folder)).map(async ({ name }) => {
        const link = join(folder, name, 'link');
        const digest = await text(link);
        if (digest === undefined) return undefined;
        const stored = await this.#json<Stored>(digest);
        if (stored === undefined) return undefined;
        const config = await this.#config(stored);
        const parts = [
          ...(stored.layers ?? []),
          ...(stored.manifests ?? []),
          ...(stored.config ? [stored.config] : []),
        ];
        const bytes = await size(this.#blob(digest));
        const subject = stored.subject?.digest;
        return {
          digest,
          bytes,
          mediaType:
            stored.mediaType ??
            (stored.manifests === undefined ? 'application/vnd.oci.image.manifest.v1+json' : (indexTypes[0] as string)),
          imageBytes: bytes + parts.reduce((sum, part) => sum + (part.size ?? 0), 0),
          created: new Date(await time(link)),
          ...(config?.architecture !== undefined && { architecture: config.architecture }),
          ...(config?.os !== undefined && { os: config.os }),
          ...(stored.config?.mediaType !== undefined && { configMediaType: stored.config.mediaType }),
          ...(stored.artifactType !== undefined && { artifactType: stored.artifactType }),
          ...(subject !== undefined && { subject }),
          ...(stored.annotations !== undefined && { annotations: stored.annotations }),
          tags: tags.filter((tag) => tag.digest === digest).map((tag) => tag.name),
        };
      }),
    );
    return found.filter((manifest) => manifest !== undefined).toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  /** The manifest that a manifest is about. */
  async subjectOf(digest: string): Promise<string | undefined> {
    return (await this.#json<Stored>(digest))?.subject?.digest;
  }

  /** Of all blobs, bytes. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (const entry of await entries(join(this.#root, 'blobs'), true)) {
      if (entry.isFile() && entry.name === 'data') sum += await size(join(entry.parentPath, entry.name));
    }
    return sum;
  }

  /** Takes a repository out; its blobs stay, as with a registry that has not swept yet. */
  async remove(repository: string): Promise<void> {
    const folder = join(this.#root, 'repositories', ...repository.split('/'));
    for (const part of ['_manifests', '_layers', '_uploads']) {
      await rm(join(folder, part), { recursive: true, force: true });
    }
  }

  #manifests(repository: string): string {
    return join(this.#root, 'repositories', ...repository.split('/'), '_manifests');
  }

  #blob(digest: string): string {
    const [algorithm = '', hex = ''] = digest.split(':');
    return join(this.#root, 'blobs', algorithm, hex.slice(0, 2), hex, 'data');
  }

  async #json<T>(digest: string): Promise<T | undefined> {
    const content = await text(this.#blob(digest));
    try {
      return content === undefined ? undefined : (JSON.parse(content) as T);
    } catch {
      return undefined;
    }
  }

  async #config({ config }: Stored): Promise<{ readonly architecture?: string; readonly os?: string } | undefined> {
    const image =
      config?.mediaType === 'application/vnd.oci.image.config.v1+json' ||
      config?.mediaType === 'application/vnd.docker.container.image.v1+json';
    return image && config.digest !== undefined ? await this.#json(config.digest) : undefined;
  }
}

/** None where there is no such folder, or no longer. */
async function entries(folder: string, recursive = false): Promise<Dirent[]> {
  return await absentAs([], readdir(folder, { withFileTypes: true, recursive }));
}

async function text(file: string): Promise<string | undefined> {
  return await absentAs(undefined, readFile(file, 'utf8'));
}

/** When a file was written, ms since 1970; 0 where there is none. */
async function time(file: string): Promise<number> {
  return (await absentAs(undefined, stat(file)))?.mtimeMs ?? 0;
}

async function size(file: string): Promise<number> {
  return (await absentAs(undefined, stat(file)))?.size ?? 0;
}

async function absentAs<T, U>(substitute: U, reading: Promise<T>): Promise<T | U> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return substitute;
    throw error;
  }
}
