import { join } from 'node:path';
import type { Progress } from '../../../lab/kubernetes/src/go-programs.ts';
import { type ImageName, images } from '../names.ts';
import { npmComponents } from '../sbom/npm.ts';
import type { Component } from '../sbom/sbom.ts';
import { addCuda } from './cuda.ts';
import { addEngine } from './engine.ts';
import { settle } from './modes.ts';
import { addNode } from './node.ts';
import { addProgram } from './program.ts';

/** Lays out in `context` what the Containerfile copies into one image. Returns its parts. */
export async function layOut(name: ImageName, context: string, progress: Progress): Promise<readonly Component[]> {
  const { programs, engine, cuda } = images[name];
  const root = join(context, cuda ? 'server' : name);
  const node = await addNode(join(context, 'runtime'));
  const files: string[] = [];
  for (const program of programs) files.push(...(await addProgram(root, program)));
  if (engine) files.push(...(await addEngine(root)));
  const further = cuda ? await addCuda(join(context, name), progress) : [];
  await settle(context);
  return [node, ...(await npmComponents(files)), ...further];
}
