import { existsSync, globSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { checkout } from '../checkout.ts';
import { licenceFiles } from './packages.ts';

const engine = 'node-llama-cpp';

/** Where Node looks from `/opt/kaito/<program>`. */
const destination = 'opt/kaito';

/**
 * Lays llama.cpp's binding out in `root` as packages, since it finds its binaries by its own file names: of its JavaScript what can be reached by imports, with licences,
 * and this machine's binaries whole. Returns the files that went in.
 */
export async function addEngine(root: string): Promise<readonly string[]> {
  const modules = (await reachable()).filter((file) => !file.includes('/@node-llama-cpp/'));
  const folders = new Set(modules.flatMap(foldersOf));
  const beside = [...folders].flatMap((folder) =>
    globSync(['package.json', licenceFiles], { cwd: folder }).map((name) => join(folder, name)),
  );
  // Which release of llama.cpp the binaries are.
  const release = globSync(`node_modules/${engine}/llama/*.json`, { cwd: checkout }).map((file) =>
    join(checkout, file),
  );
  const binaries = join(checkout, 'node_modules/@node-llama-cpp', `linux-${process.arch}`);
  for (const file of [...modules, ...beside, ...release, binaries]) {
    const target = join(root, destination, file.slice(checkout.length));
    await mkdir(dirname(target), { recursive: true });
    await cp(file, target, { recursive: true });
  }
  return [...modules, join(binaries, 'package.json')];
}

/** The modules that the binding may ever import. */
async function reachable(): Promise<readonly string[]> {
  const graph = await rolldown({
    input: join(checkout, 'node_modules', engine, 'dist/index.js'),
    platform: 'node',
    treeshake: false,
    logLevel: 'silent',
    // A native addon is a module like the others, without imports.
    plugins: [{ name: 'addons', load: { filter: { id: /\.node$/ }, handler: () => '' } }],
  });
  try {
    const { output } = await graph.generate({ format: 'esm' });
    const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
    return modules.filter((id) => existsSync(id));
  } finally {
    await graph.close();
  }
}

/** The folders from a module's own to its package's, each of which may say how Node is to read the modules below. */
function foldersOf(file: string): readonly string[] {
  const folders = [dirname(file)];
  while (!/\/node_modules\/(@[^/]+\/)?[^/]+$/.test(folders.at(-1)!)) folders.push(dirname(folders.at(-1)!));
  return folders;
}
