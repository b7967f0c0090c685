import { ConfigError } from './cluster-config.ts';

const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];

/** The proxy of a cluster: its `proxy-url`, else what the environment says. Undefined: none. @throws ConfigError for another kind of proxy */
export function proxyOf(
  url: string | undefined,
  where: string,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined {
  if (url !== undefined && url !== '') {
    if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol))
      throw new ConfigError(
        'ProxyUnsupported',
        `${where} has "${url}" as proxy-url; only http:// and https:// proxies are supported`,
        'name an HTTP proxy in proxy-url',
      );
    return { HTTPS_PROXY: url, HTTP_PROXY: url };
  }
  const set = names.flatMap((name) =>
    env[name] === undefined || env[name] === '' ? [] : [[name, env[name]] as const],
  );
  return set.some(([name]) => !/^no_proxy$/i.test(name)) ? Object.fromEntries(set) : undefined;
}
