import { dirname } from 'node:path';

/** Names of files in a package's folder that say on what terms it may be passed on. */
export const licenceFiles = '{LICEN[CS]E,licen[cs]e,COPYING,NOTICE}*';

/** The folder of the package, in node_modules or of this repository, that a file is of. */
export function packageOf(file: string): string {
  const pattern = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+|^.*?\/packages\/[^/]+/;
  return pattern.exec(file)?.[0] ?? dirname(file);
}
