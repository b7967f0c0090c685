import { dirname, join } from 'node:path';
import {
  type CredentialSource,
  dockerConfigFile,
  dockerCredentials,
  fileJournal,
  type Platform,
  RegistryClient,
} from '@kaito/oci';
import { compileCacheDirectory } from '../../compile-cache.ts';
import { usage } from '../../failure.ts';
import type { Session } from '../../session.ts';

/** Login servers of Azure's own clouds. */
const azureLoginServer = /\.azurecr\.(io|us|cn)$/;
/** By which the environment names the address of another cloud, whose registries may be called anything. */
const cloudVariables = ['ARM_ENDPOINT', 'AZURE_RESOURCE_MANAGER_ENDPOINT'];

/** Docker's logins, and for registries of Azure that Docker knows no login for that of Azure, where there is one. */
export function registryLogins({ terminal: { env } }: Session): CredentialSource {
  const docker = dockerCredentials(dockerConfigFile(env), env);
  const otherCloud = cloudVariables.some((name) => (env[name] ?? '') !== '');
  let azure: Promise<CredentialSource> | undefined;
  return async (registry, repository) => {
    const login = await docker(registry, repository);
    if (login !== undefined || !(otherCloud || azureLoginServer.test(registry))) return login;
    azure ??= import('../../azure/registry-logins.ts').then(({ azureRegistryLogins }) => azureRegistryLogins(env));
    return await (
      await azure
    )(registry, repository);
  };
}

/** A client of registries; `plainHttp` allows unencrypted http to other machines. */
export function registryClient(session: Session, plainHttp: boolean | undefined): RegistryClient {
  return new RegistryClient({ credentials: registryLogins(session), plainHttp });
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
