import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingressObjects } from '@kaito/lab-kubernetes';

/** Lays the manifest of an ingress controller, which docs/beyond.md applies, into the home of the terminals. */
export async function writeIngressManifest(home: string): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: ingressObjects() };
  await writeFile(join(home, 'ingress-controller.json'), JSON.stringify(list, undefined, 2));
}
