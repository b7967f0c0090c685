import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type LayoutImage, ensureAzureCli, ensureRegistryProgram } from '@kaito/lab-azure';
import { ensureStandIns } from '@kaito/lab-images';
import {
  type Progress,
  cacheRoot,
  checkRealNodes,
  ensureAcrCredentialProvider,
  ensureBinaries,
  ensureIngressController,
  ensureNodePrograms,
  ingressControllerImage,
  ingressImage,
} from '@kaito/lab-kubernetes';
import { ensureImage } from '../../../../images/src/index.ts';

/** Where Microsoft's own images of the AI toolchain operator lie. */
const repository = 'mcr.microsoft.com/aks/kaito';

/** What the emulator is told of images. */
export interface Prepared {
  /** File with the images that public registries have. */
  readonly images: string;
  /** File with the chart's values by which the add-on finds its own. */
  readonly addonValues: string;
}

/**
 * Builds and fetches all that the walkthrough runs: once it runs there is no network. `beyond`: with what comes after the seed.
 *
 * @throws LabError where the machine does not allow real nodes, or a part cannot be had
 */
export async function prepare(
  progress: Progress,
  { beyond = false }: { readonly beyond?: boolean } = {},
): Promise<Prepared> {
  await checkRealNodes();
  await ensureBinaries(progress);
  await ensureNodePrograms(progress);
  await ensureAcrCredentialProvider(progress);
  await ensureRegistryProgram(progress);
  await ensureAzureCli(progress);
  const version = versionOfChart();
  const own = {
    'kaito-workspace': await ensureImage('operator', progress),
    'kaito-gpu-provisioner': await ensureImage('provisioner', progress),
    'kaito-server': await ensureImage('server', progress),
  };
  const images: readonly LayoutImage[] = [
    ...Object.entries(own).map(([name, { layout }]) => ({ reference: `${repository}/${name}:${version}`, layout })),
    ...(await ensureStandIns(progress)).map(({ reference, image }) => ({ reference, layout: image.layout })),
    ...(beyond ? [await ingressController(progress)] : []),
  ];
  return { images: keep('images.json', images), addonValues: keep('addon-values.json', { imageRegistry: repository }) };
}

function versionOfChart(): string {
  const chart = readFileSync(new URL('../../../../charts/kaito/Chart.yaml', import.meta.url), 'utf8');
  return /^appVersion: "?([^"\n]+)/m.exec(chart)![1]!;
}

function keep(name: string, content: object): string {
  const file = join(folder(), name);
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(content, undefined, 2));
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

/** The ingress controller's image, unpacked where that has not been done for this build of it. */
async function ingressController(progress: Progress): Promise<LayoutImage> {
  const build = basename(dirname(await ensureIngressController(progress)));
  const layout = join(folder(), `ingress-controller-${build}`);
  if (!existsSync(layout)) {
    const work = mkdtempSync(`${layout}-`);
    const archive = `${work}.tar`;
    writeFileSync(archive, await ingressImage(progress));
    execFileSync('tar', ['--extract', '--file', archive, '--directory', work]);
    rmSync(archive);
    renameSync(work, layout);
  }
  return { reference: ingressControllerImage, layout };
}

function folder(): string {
  const path = join(cacheRoot(), 'lab', 'walkthrough');
  mkdirSync(path, { recursive: true });
  return path;
}
