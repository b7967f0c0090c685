import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GoPrograms, type Progress, downloadGoModules, ensureGoPrograms } from '../go-programs.ts';
import { imageArchive } from '../real-nodes/image-archive.ts';

const sources = fileURLToPath(new URL('../../go/traefik', import.meta.url));

/** As go/traefik/go.mod pins it. */
const version = 'v3.5.3';

const programs: GoPrograms = {
  sources,
  builds: [
    {
      module: sources,
      packages: ['github.com/traefik/traefik/v3/cmd/traefik'],
      ldflags: `-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=${version}`,
    },
  ],
};

/** Traefik under the name that it has in public. */
export const ingressControllerImage = `docker.io/library/traefik:${version}`;

/** The folder with `traefik`; built on first use, which takes seven minutes of processor time. @throws LabError where that fails. */
export async function ensureIngressController(progress: Progress): Promise<string> {
  return await ensureGoPrograms(programs, progress);
}

/** Fetches the modules' sources, which the build needs first; network, not processor. */
export async function downloadIngressController(progress: Progress): Promise<void> {
  await downloadGoModules(programs, progress);
}

/** Bytes of an image of Traefik, an ingress controller that reads the annotations of ingress-nginx too; `ingressObjects` run it. Builds it on first use. */
export async function ingressImage(progress: Progress): Promise<Buffer> {
  const bin = await ensureIngressController(progress);
  return imageArchive({
    reference: ingressControllerImage,
    files: [{ path: 'traefik', content: readFileSync(join(bin, 'traefik')), mode: 0o755 }],
    entrypoint: ['/traefik'],
  });
}
