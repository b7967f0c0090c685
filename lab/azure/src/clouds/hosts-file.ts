import { readFileSync, writeFileSync } from 'node:fs';

/** What a hosts file says when all of Azure's names lead to one address. */
export function hostsFile(address: string, names: readonly string[]): string {
  const lines = [...new Set(names)].toSorted().map((name) => `${address} ${name}\n`);
  return `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${lines.join('')}`;
}

/** Writes it in place where it has changed: a namespace sees this very file as its /etc/hosts. */
export function writeHosts(file: string, content: string): void {
  let before: string | undefined;
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    // It is made now.
  }
  if (before !== content) writeFileSync(file, content);
}
