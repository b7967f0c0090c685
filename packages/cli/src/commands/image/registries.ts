import { dirname, join } from 'node:path';
import { dockerConfigFile, dockerCredentials, fileJournal, type Platform, RegistryClient } from '@kaito/oci';
import { compileCacheDirectory } from '../../compile-cache.ts';
import { usage } from '../../failure.ts';
import type { Session } from '../../session.ts';

/** A client of registries with Docker's logins; `plainHttp` allows unencrypted http to other machines. */
export function registryClient({ terminal }: Session, plainHttp: boolean | undefined): RegistryClient {
  const credentials = dockerCredentials(dockerConfigFile(terminal.env), terminal.env);
  return new RegistryClient({ credentials, plainHttp });
}

/** Where uploads under way are remembered, beside what else is kept between commands. */
export function uploadJournal({ terminal, now }: Session) {
  return fileJournal(join(dirname(compileCacheDirectory(terminal.env)), 'uploads'), now);
}

/** The platforms of a flag `--platform os/architecture[/variant]`, one or several with commas. Throws a usage Failure. */
export const platforms = (text: string): readonly Platform[] => text.split(',').map(platform);

function platform(text: string): Platform {
  const [os = '', architecture = '', variant, more] = text.split('/');
  if (!/^[a-z0-9]+$/.test(os) || !/^[a-z0-9_]+$/.test(architecture) || variant === '' || more != null) {
    throw usage(
      `--platform takes os/architecture, not '${text.slice(0, 100)}'.`,
      'Give e.g. --platform linux/amd64 or --platform linux/arm/v7.',
    );
  }
  return { os, architecture, ...(variant == null ? {} : { variant }) };
}

/** A platform as people write it. */
export const platformName = ({ os, architecture, variant }: Platform): string =>
  [os, architecture, ...(variant == null ? [] : [variant])].join('/');
