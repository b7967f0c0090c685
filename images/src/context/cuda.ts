import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LabError } from '../../../lab/kubernetes/src/error.ts';
import type { Progress } from '../../../lab/kubernetes/src/go-programs.ts';
import { run } from '../../../lab/kubernetes/src/run.ts';
import { checkout } from '../checkout.ts';
import type { Component } from '../sbom/sbom.ts';
import { keep } from '../store.ts';

/** The binding's packages with llama.cpp for NVIDIA's GPUs, which an ordinary installation leaves out. */
const engines = [
  {
    name: '@node-llama-cpp/linux-x64-cuda',
    version: '3.22.1',
    integrity: 'sha512-8rQCjyNNLZJUFit+YpjwlC4hwkKgOMIkB2wuycKBf8NU2O3ySKbiWZQ8aw9ku2nUTXjSnUIrE6KB88itduTBuA==',
  },
  {
    name: '@node-llama-cpp/linux-x64-cuda-ext',
    version: '3.22.1',
    integrity: 'sha512-4e5ajkiM2aR2WAdB/N/ACk4weEhHvOAIrzxZPsIX0xDFW5+6hhShuy1/vs88SK9NGdgAco9IyE28eYS0H1efpA==',
  },
];

/** Of CUDA 13, whose intermediate code needs newer drivers than clusters have; the binding then takes that of CUDA 12, from the other package. */
const tooNew = 'linux-x64-cuda/bins/linux-x64-cuda/libggml-cuda.so';

const requirements = join(checkout, 'images/cuda-requirements.txt');

/** Where the loader looks by itself, and where the binding looks for CUDA. */
const libraries = 'usr/lib/x86_64-linux-gnu';

/**
 * Lays out in `root` llama.cpp for NVIDIA's GPUs and the libraries of NVIDIA's that it needs. libcuda.so.1 is of the driver, which the machine brings.
 *
 * @throws LabError where they cannot be had, or are not those that were chosen.
 */
export async function addCuda(root: string, progress: Progress): Promise<readonly Component[]> {
  await checkVersions();
  const wanted = await readFile(requirements, 'utf8');
  const key = createHash('sha256').update(JSON.stringify([engines, tooNew, wanted]));
  const parts = await keep('cuda', key.digest('hex').slice(0, 16), progress, async (work, entry) => {
    if (process.arch !== 'x64')
      throw new LabError('there is no CUDA build for this processor', 'build it on an x64 machine');
    progress("downloading llama.cpp for NVIDIA's GPUs, and NVIDIA's libraries: 900 MB");
    try {
      await unpackEngines(work, join(entry, 'opt/kaito/node_modules'));
      await unpackWheels(work, entry);
    } catch (error) {
      throw new LabError(
        `the parts of CUDA cannot be had: ${error instanceof Error ? error.message : String(error)}`,
        'this needs npm, and Python 3 with pip, and the registries that they reach',
        { cause: error },
      );
    }
  });
  await cp(parts, root, { recursive: true });
  const wheels = wanted.matchAll(/^([a-z0-9-]+)==(\S+) --hash=sha256:(\S+)$/gm);
  return [
    ...engines.map(({ name, version }) => component(`pkg:npm/${name.replace('@', '%40')}`, name, version)),
    ...[...wheels].map(([, name = '', version = '', content]) => ({
      ...component(`pkg:pypi/${name}`, name, version),
      hashes: [{ alg: 'SHA-256', content }],
    })),
  ];
}

function component(url: string, name: string, version: string): Component {
  const purl = `${url}@${version}`;
  return { 'bom-ref': purl, type: 'library', name, version, purl };
}

/** The binding takes no binaries but those of its own version. @throws LabError where the pinned ones are of another. */
export async function checkVersions(): Promise<void> {
  const manifest = await readFile(join(checkout, 'node_modules/node-llama-cpp/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  if (engines.every((engine) => engine.version === version)) return;
  throw new LabError(
    `node-llama-cpp is ${version}, and its CUDA build that of another version`,
    'correct versions and integrity in images/src/context/cuda.ts (npm view NAME@VERSION dist.integrity)',
  );
}

async function unpackEngines(work: string, packages: string): Promise<void> {
  for (const { name, version, integrity } of engines) {
    const file = (await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work })).trim();
    const digest = createHash('sha512')
      .update(await readFile(join(work, file)))
      .digest('base64');
    if (`sha512-${digest}` !== integrity) throw new Error(`${name}@${version} is not the one that was chosen`);
    await mkdir(join(packages, name), { recursive: true });
    await run('tar', ['-xzf', join(work, file), '--strip-components=1', '-C', join(packages, name)]);
  }
  await rename(join(packages, '@node-llama-cpp', tooNew), join(work, 'left-out'));
}

async function unpackWheels(work: string, entry: string): Promise<void> {
  const wheels = join(work, 'wheels');
  const platforms = ['manylinux2014_x86_64', 'manylinux_2_27_x86_64'].map((platform) => `--platform=${platform}`);
  const choice = ['--no-deps', '--only-binary=:all:', ...platforms, '--require-hashes', '--requirement', requirements];
  await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-cache-dir', '--dest', wheels, ...choice]);
  await mkdir(join(entry, libraries), { recursive: true });
  for (const wheel of globSync('*.whl', { cwd: wheels })) {
    const tree = join(work, basename(wheel, '.whl'));
    await run('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), tree]);
    const licences = join(entry, 'usr/local/share/doc', basename(wheel).split('-')[0]!);
    await mkdir(licences, { recursive: true });
    for (const file of globSync('nvidia/*/lib/lib{cudart,cublas,cublasLt}.so.*', { cwd: tree })) {
      await rename(join(tree, file), join(entry, libraries, basename(file)));
    }
    for (const file of globSync('*.dist-info/**/License.txt', { cwd: tree })) {
      await rename(join(tree, file), join(licences, 'License.txt'));
    }
  }
}
