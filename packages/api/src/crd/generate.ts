import { existsSync, readdirSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { structuralProblems } from '../structural/rules.ts';
import { nodeClaimSchema, nodeClassSchema, toStructural, workspaceSchema } from '../schema/index.ts';

/** A generated file: path from the repository's root, and its whole text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const schemas: Readonly<Record<string, z.ZodType>> = {
  workspace: workspaceSchema,
  'node-claim': nodeClaimSchema,
  'node-class': nodeClassSchema,
};

/**
 * The structural schemas that the package reads at run time, so that neither it nor its users load zod.
 *
 * @throws Error when a schema is not structural.
 */
export function schemaFiles(): GeneratedFile[] {
  return Object.entries(schemas).map(([name, schema]) => {
    const structural = toStructural(schema);
    const problems = structuralProblems(structural);
    if (problems.length > 0) throw new Error(`The schema ${name} is not structural: ${problems.join('; ')}`);
    return { path: `packages/api/src/generated/${name}.schema.json`, text: `${JSON.stringify(structural, null, 1)}\n` };
  });
}

/** The CRDs and the reference page, made from the structural schemas on disk. */
async function derivedFiles(): Promise<GeneratedFile[]> {
  const [{ crdFiles }, { fieldsPage }] = await Promise.all([
    import('./yaml.ts'),
    import('../workspace/fields-page.ts'),
  ]);
  return [...crdFiles(), { path: 'docs/reference/fields.md', text: fieldsPage() }];
}

/** The files of `expected` that differ on disk, and CRD files there that nobody generates. */
export function staleFiles(expected: readonly GeneratedFile[]): string[] {
  const stale = expected
    .filter(({ path, text }) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text)
    .map(({ path }) => path);
  const folder = 'charts/kaito/files/crds';
  const strays = existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .map((name) => `${folder}/${name}`)
        .filter(
          (path) =>
            expected.some((file) => file.path.startsWith(folder)) && !expected.some((file) => file.path === path),
        )
    : [];
  return [...stale, ...strays];
}

function write(files: readonly GeneratedFile[]): void {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** `node generate.ts` writes the files; with `--check` it changes nothing and exits 1 when one is stale. */
async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((argument) => argument !== '--check');
  if (unknown !== undefined) {
    process.stderr.write(`Unknown argument ${unknown}; the only one is --check.\n`);
    return 2;
  }
  if (!args.includes('--check')) {
    write(schemaFiles());
    write(await derivedFiles());
    return 0;
  }
  const stale = [...staleFiles(schemaFiles()), ...staleFiles(await derivedFiles())];
  if (stale.length === 0) return 0;
  const self = relative(process.cwd(), fileURLToPath(import.meta.url));
  process.stderr.write(`Stale: ${stale.join(', ')}. Run: node ${self}\n`);
  return 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));
