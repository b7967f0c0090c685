import { createHash } from 'node:crypto';

/** The namespace of this project's names: a GUID chosen once. */
const namespace = Buffer.from('c1a9f2b8d3e04d6f9b7a5e2c8f1d4a60', 'hex');

/**
 * The same GUID for the same texts, whoever asks and whenever: a name-based UUID, version 5 (RFC 9562), of the texts in small letters.
 */
export function deterministicGuid(...texts: readonly string[]): string {
  const name = texts.map((text) => `${text.length}:${text.toLowerCase()}`).join('');
  const hash = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
