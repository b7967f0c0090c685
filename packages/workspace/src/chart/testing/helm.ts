import { spawn } from 'node:child_process';
import { parseDocuments } from '@kaito/api';
import type { KubeObject } from '@kaito/kube';
import { fileURLToPath } from 'node:url';

/** The chart's folder. */
export const chart = fileURLToPath(new URL('../../../../../charts/kaito', import.meta.url));

/** For `helm template` and `helm lint`, which ask no cluster. */
export const kubeVersion = '--kube-version=1.34.0';

/**
 * Runs a program of the lab to its end, `input` on its standard input. @returns its standard output. @throws Error with what it said on
 * standard error when it fails.
 */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: 'pipe' });
  const said = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.error += text));
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args[0]}: ${said.error.trim()}`);
  return said.out;
}

export const helm = (...args: readonly string[]): Promise<string> => run('helm', args);
export const kubectl = (...args: readonly string[]): Promise<string> => run('kubectl', args);

/** What `helm template` prints for release `kaito`, without a cluster. */
export function template(...args: readonly string[]): Promise<string> {
  return helm('template', 'kaito', chart, kubeVersion, ...args);
}

/** The objects of a YAML text. */
export function objectsOf(text: string): readonly KubeObject[] {
  const { documents, findings } = parseDocuments(text);
  if (findings[0] !== undefined) throw new Error(findings[0].message);
  return documents.map(({ object }) => object as KubeObject);
}
