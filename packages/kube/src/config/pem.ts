import path from 'node:path';
import type { Clock } from '../clock.ts';
import { ConfigError } from './cluster-config.ts';
import { FileSource } from './file-source.ts';

export interface TextSource {
  read(): string;
  expire(): void;
}

/** The bytes of a `…-data` field as text. @throws ConfigError where it is no base64, or not of PEM */
export function decodePem(data: string, field: string, where: string): string {
  const compact = data.replaceAll(/\s/g, '');
  const text = Buffer.from(compact, 'base64').toString('utf8');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact) || compact.length % 4 !== 0)
    throw new ConfigError('Base64Invalid', `${field} of ${where} is no base64`, remedy(field));
  if (!text.includes('-----BEGIN '))
    throw new ConfigError('PemInvalid', `${field} of ${where} holds no PEM once its base64 is read`, remedy(field));
  return text;
}

/**
 * What `field` of a kubeconfig entry says: inline under `<field>-data`, which goes first as for kubectl, or in a file relative to the
 * kubeconfig's folder. Undefined where neither is set.
 */
export function pemOf(
  entry: object,
  field: string,
  at: { readonly where: string; readonly file: string; readonly clock: Clock },
): TextSource | undefined {
  const fields = entry as Readonly<Record<string, unknown>>;
  const data = fields[`${field}-data`];
  if (typeof data === 'string' && data !== '') {
    const text = decodePem(data, `${field}-data`, at.where);
    return { read: () => text, expire: () => {} };
  }
  const name = fields[field];
  if (typeof name !== 'string' || name === '') return undefined;
  return new FileSource(path.resolve(path.dirname(at.file), name), {
    what: `${field} of ${at.where}`,
    remedy: remedy(field),
    clock: at.clock,
  });
}

function remedy(field: string): string {
  return `set ${field} right in the kubeconfig, or fetch the kubeconfig again (on AKS: az aks get-credentials --overwrite-existing)`;
}
