import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type SmallImage, imageArchive } from './image-archive.ts';
import type { NodePrograms } from './programs.ts';

/** The image of every pod's first container. */
export const pauseImage = 'registry.k8s.io/pause:3.10';

/** The device plugin as `charts/kaito` names it by default. */
export const devicePluginImage = 'mcr.microsoft.com/oss/v2/nvidia/k8s-device-plugin:v0.18.2-12';

/** An image that tests run: `serve PORT` answers with the pod's name, `get URL` prints what a URL answers. */
export const probeImage = 'lab.kaito.sh/probe:1';

function programOf(reference: string, program: string): SmallImage {
  const name = basename(program);
  return {
    reference,
    files: [{ path: name, content: readFileSync(program), mode: 0o755 }],
    entrypoint: [`/${name}`],
    labels: { 'org.opencontainers.image.description': `A stand-in of the lab: ${name}` },
  };
}

/** Bytes of an image that holds one static program, and runs it. */
export const programImage = (reference: string, program: string): Buffer => imageArchive(programOf(reference, program));

/** Bytes of what every node has. */
export const builtInImages = (programs: NodePrograms): Buffer =>
  imageArchive(
    programOf(pauseImage, programs.pause),
    programOf(devicePluginImage, programs.gpuPlugin),
    programOf(probeImage, programs.probe),
  );
