// `npm run images -- …`: builds KAITO's container images, and pushes them.
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OciError, parseReference } from '@kaito/oci';
import { LabError } from '../../lab/kubernetes/src/error.ts';
import { checkout, version } from './checkout.ts';
import { layOut } from './context/image-context.ts';
import { ensureImage } from './images.ts';
import { type ImageName, imageNames, images } from './names.ts';
import { pushImage } from './push.ts';
import { helmValues, tagOf } from './values.ts';

const help = `Builds KAITO's container images, without a Docker engine, and pushes them.

Usage: npm run images -- [NAME…] [options]

Names: ${imageNames.join(', ')}. Default: all but server-cuda, for which a gigabyte is downloaded.

Options:
  --push REGISTRY[/PREFIX]  push them, each with its bill of materials, and write Helm values that name them by digest
  --plain-http              speak http to that registry
  --values FILE             where the values go; default: standard output
  --context DIR             build nothing: write what the Containerfile copies, for a build elsewhere (docs/images.md)
  -h, --help
`;

const tell = (line: string): void => void process.stderr.write(`images: ${line}\n`);

interface Wanted {
  readonly names: readonly ImageName[];
  readonly push?: string;
  readonly plainHttp: boolean;
  readonly values?: string;
  readonly context?: string;
}

/** @throws LabError for what cannot be meant. */
function wanted(args: readonly string[]): Wanted | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const names = positionals.map((name) => {
    const found = imageNames.find((known) => known === name);
    if (found === undefined) throw new LabError(`there is no image ${name}`, `choose among ${imageNames.join(', ')}`);
    return found;
  });
  const { push, context } = values;
  if (push !== undefined && context !== undefined) throw usage('--context builds nothing that --push could push');
  if (push === undefined && values.values !== undefined) throw usage('--values names what --push pushed');
  if (push === undefined && values['plain-http']) throw usage('--plain-http is how --push speaks');
  return {
    names: names.length > 0 ? names : imageNames.filter((name) => name !== 'server-cuda'),
    plainHttp: values['plain-http'],
    ...(push !== undefined && { push: push.replace(/\/$/, '') }),
    ...(values.values !== undefined && { values: values.values }),
    ...(context !== undefined && { context }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        push: { type: 'string' },
        'plain-http': { type: 'boolean', default: false },
        values: { type: 'string' },
        context: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

const usage = (message: string): LabError => new LabError(message, 'npm run images -- --help');

async function writeContext(names: readonly ImageName[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new LabError(`${folder} is not empty`, 'name a new folder');
  for (const name of names) {
    await layOut(name, folder, tell);
    const tag = `${images[name].repository}:${tagOf(name, version)}`;
    tell(`docker build --target ${name} --build-arg VERSION=${version} -t ${tag} ${folder}`);
  }
  await copyFile(join(checkout, 'images/Containerfile'), join(folder, 'Dockerfile'));
}

async function main(args: readonly string[]): Promise<void> {
  const options = wanted(args);
  if (options === 'help') return void process.stdout.write(help);
  const { names, push, plainHttp, context } = options;
  if (context !== undefined) return await writeContext(names, context);
  const references = names.map((name) => `${push ?? ''}/${images[name].repository}:${tagOf(name, version)}`);
  if (push !== undefined) references.forEach((reference) => parseReference(reference));
  const built = [];
  let mountFrom: string | undefined;
  for (const [index, name] of names.entries()) {
    const image = await ensureImage(name, tell);
    const reference = references[index]!;
    if (push !== undefined) {
      tell(`pushing ${reference}`);
      await pushImage(image, reference, { plainHttp, ...(mountFrom !== undefined && { mountFrom }) });
      mountFrom = parseReference(reference).repository;
    }
    built.push({ ...image, name });
    tell(
      `${name}: ${(image.bytes / 1e6).toFixed(1)} MB, ${image.digest}${push === undefined ? ` in ${image.layout}` : ''}`,
    );
  }
  if (push === undefined) return;
  const values = helmValues(built, push, version);
  if (options.values === undefined) process.stdout.write(values);
  else await writeFile(options.values, values);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LabError || error instanceof OciError)) throw error;
  tell(`${error.message}\n  ${error.remedy}`);
  process.exitCode = 1;
}
