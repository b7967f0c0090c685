import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { imageArchive } from './image-archive.ts';
import type { NodePrograms } from './programs.ts';

/** The image of every pod's first container. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

/** The device plugin as `charts/kaito` names it by default. */
export const devicePluginImage = 'mcr.microsoft.com/oss/v2/nvidia/k8s-device-plugin:v0.18.2-12';

/** An image that tests run: `serve PORT` answers with the pod's name, `get URL` prints what a URL answers. */
export const probeImage = 'lab.kaito.sh/probe:1';

/** Bytes of an image that holds one static program, and runs it. */
export function programImage(reference: string, program: string): Buffer {
  const name = basename(program);
  return imageArchive({
    reference,
    files: [{ path: name, content: readFileSync(program), mode: 0o755 }],
    entrypoint: [`/${name}`],
    labels: { 'org.opencontainers.image.description': `A stand-in of the lab: ${name}` },
  });
}

/** What every node has, by the names of their files. */
export function builtInImages(programs: NodePrograms): Readonly<Record<string, Buffer>> {
  return {
    pause: programImage(pauseImage, programs.pause),
    'device-plugin': programImage(devicePluginImage, programs.gpuPlugin),
    probe: programImage(probeImage, programs.probe),
  };
}
