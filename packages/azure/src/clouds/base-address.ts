import { AzureError } from '../errors/azure-error.ts';

/** An address without its trailing slashes. @throws AzureError `InvalidRequest` unless it is https */
export function baseAddress(text: string, what: string): string {
  const url = URL.parse(text.trim());
  if (url === null || url.protocol !== 'https:' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new AzureError('InvalidRequest', {
      message: `${what} is "${text}", which is no https address`,
      remedy: 'give it as https://HOST or https://HOST:PORT',
      retry: 'never',
    });
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
