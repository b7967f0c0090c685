import { AzureError } from '../errors/azure-error.ts';
import type { Environment } from '../environment.ts';

const names = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'];

/** The proxy that the environment names, as node:https takes it. Undefined: none. @throws AzureError `InvalidRequest` for another kind of proxy */
export function proxyFromEnvironment(env: Environment): Readonly<Record<string, string>> | undefined {
  const set: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    if (!/^no_/i.test(name) && !/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
      throw new AzureError('InvalidRequest', {
        message: `${name} names a proxy that is not an http:// or https:// address`,
        remedy: `set ${name} to the address of an HTTP proxy`,
        retry: 'never',
      });
    set[name] = value;
  }
  return Object.keys(set).some((name) => !/^no_/i.test(name)) ? set : undefined;
}
