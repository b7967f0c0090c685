import { join } from 'node:path';
import { type ImageName, images } from '../names.ts';
import { npmComponents } from '../sbom/npm.ts';
import type { Component } from '../sbom/sbom.ts';
import { addEngine } from './engine.ts';
import { settle } from './modes.ts';
import { addNode } from './node.ts';
import { addProgram } from './program.ts';

/** Lays out in `context` what the Containerfile copies into one image. Returns its parts. */
export async function layOut(name: ImageName, context: string): Promise<readonly Component[]> {
  const { programs, engine } = images[name];
  const node = await addNode(join(context, 'runtime'));
  const files: string[] = [];
  for (const program of programs) files.push(...(await addProgram(join(context, name), program)));
  if (engine !== undefined) files.push(...(await addEngine(join(context, name))));
  await settle(context);
  return [node, ...(await npmComponents(files))];
}
