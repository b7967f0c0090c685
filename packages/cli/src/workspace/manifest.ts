import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, parseDocuments, parseWorkspaces, type Workspace } from '@kaito/api';
import { type Catalog, findModel, suggestModel } from '@kaito/catalog';
import { Failure, failure, usage } from '../failure.ts';

/** A Workspace as a person gave it, and where. */
export interface Manifest {
  readonly workspace: Workspace;
  /** Absent for a manifest made from a preset's name. */
  readonly source?: { readonly file: string; readonly text: string };
  /** Warnings and notes of the validation. */
  readonly findings: readonly Finding[];
}

/** A file's text and the name it goes by in messages. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/**
 * The texts that `-f` names: files, `-` for standard input, and of a directory its `.yaml`, `.yml` and `.json` files. Throws Failure:
 * FileNotFound, FileUnreadable, InvalidUTF8.
 */
export async function readSources(files: readonly string[]): Promise<SourceText[]> {
  const texts: SourceText[] = [];
  for (const file of files) {
    if (file === '-') {
      texts.push({ file: '<stdin>', text: decoded('<stdin>', await standardInput()) });
      continue;
    }
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
      throw unreadable(file, error);
    });
    if (!found.isDirectory()) {
      texts.push(await readSource(file));
      continue;
    }
    const inside = (await readdir(file)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted();
    if (inside.length === 0)
      throw failure('FileNotFound', `${file} holds no .yaml, .yml or .json file.`, 'Name the manifest.', { file });
    for (const name of inside) texts.push(await readSource(join(file, name)));
  }
  return texts;
}

/** One file's text. Throws Failure as {@link readSources}. */
export async function readSource(file: string): Promise<SourceText> {
  const content = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(file, error);
  });
  return { file, text: decoded(file, content) };
}

async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function decoded(file: string, content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw failure('InvalidUTF8', `${file} is not UTF-8 text.`, 'Save it as UTF-8.');
  }
}

function unreadable(file: string, error: NodeJS.ErrnoException): Failure {
  if (error.code === 'ENOENT')
    return failure('FileNotFound', `There is no file ${file}.`, 'Check the path given to -f.');
  const why = error.code === 'EACCES' ? 'its rights do not allow it' : (error.code ?? error.message);
  return failure('FileUnreadable', `${file} cannot be read: ${why}.`, 'Check the path and its rights.');
}

/**
 * The Workspaces that the command line names: those of the files, or one made from a preset's name. `namespace` is put on those without
 * one. Throws a Failure that holds every problem of all files.
 */
export async function readManifests(
  catalog: Catalog,
  {
    preset,
    files,
    namespace,
  }: {
    readonly preset: string | undefined;
    readonly files: readonly string[] | undefined;
    readonly namespace: string | undefined;
  },
): Promise<Manifest[]> {
  if (preset != null && files != null) throw usage('A preset and -f are both given.', 'Give one of them.');
  if (preset != null) return [{ workspace: inNamespace(presetWorkspace(catalog, preset), namespace), findings: [] }];
  if (files == null)
    throw usage('Nothing is named to act on.', 'Name a preset (see kaito models), or a manifest with -f FILE.');
  const sources = await readSources(files);
  const problems: Finding[] = [];
  const manifests: Manifest[] = [];
  for (const source of sources) {
    const { workspaces, findings } = parseWorkspaces(source.text, { file: source.file });
    problems.push(...findings);
    for (const workspace of workspaces) {
      manifests.push({
        workspace: inNamespace(workspace, namespace, source.file),
        source,
        findings: findings.filter(isMild),
      });
    }
  }
  if (!problems.every(isMild)) throw new Failure(problems);
  return manifests;
}

const isMild = ({ severity }: Finding) => severity !== 'error';

function inNamespace(workspace: Workspace, namespace: string | undefined, file?: string): Workspace {
  const own = workspace.metadata.namespace;
  if (namespace == null || own === namespace) return workspace;
  if (own != null && own !== '') {
    throw failure(
      'NamespaceMismatch',
      `The manifest says namespace ${own}, the command line -n ${namespace}.`,
      'Leave -n out, or change metadata.namespace.',
      file == null ? {} : { file, path: 'metadata.namespace' },
    );
  }
  return { ...workspace, metadata: { ...workspace.metadata, namespace } };
}

/** The manifest that stands for a preset's name: no machine is rented for it. Throws Failure UnknownPreset. */
export function presetWorkspace(catalog: Catalog, preset: string): Workspace {
  const model = findModel(catalog, preset);
  if (model == null) throw unknownPreset(catalog, preset);
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name: model.name },
    resource: { labelSelector: { matchLabels: { apps: model.name } } },
    inference: { preset: { name: model.name } },
  };
}

/** The Failure for a model that the catalog does not have. */
export function unknownPreset(catalog: Catalog, name: string): Failure {
  const meant = suggestModel(catalog, name);
  const remedy = "See 'kaito models' for those there are.";
  return failure(
    'UnknownPreset',
    `There is no preset '${name.slice(0, 100)}'.`,
    meant == null ? remedy : `Did you mean ${meant}? ${remedy}`,
  );
}

/** Findings about a Workspace with the line and column of their path in the file it came from. */
export function located(findings: readonly Finding[], { workspace, source }: Manifest): Finding[] {
  if (source == null || findings.every(({ path, line }) => path == null || line != null)) return [...findings];
  const { documents } = parseDocuments(source.text, { file: source.file });
  const document = documents.find(({ object }) => nameOf(object) === workspace.metadata.name);
  return findings.map((finding) =>
    finding.line != null || document == null
      ? finding
      : {
          ...finding,
          file: source.file,
          ...(finding.path == null || finding.path === '' ? {} : document.locate(finding.path)),
        },
  );
}

function nameOf(object: unknown): unknown {
  return (object as { metadata?: { name?: unknown } } | null)?.metadata?.name;
}
