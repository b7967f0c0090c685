import { type Client, serviceAccounts } from '@kaito/kube';
import type { TokenSource } from './federation.ts';

/** Tokens of the API server that `client` speaks with. */
export function mintWith(client: Client): TokenSource {
  return {
    async account(name) {
      const metadata = { name, namespace: 'default' };
      await client.apply(
        serviceAccounts,
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
        { fieldManager: 'federation' },
      );
    },
    async mint(account, audience) {
      const path = `/api/v1/namespaces/default/serviceaccounts/${account}/token`;
      const { status } = (await client.raw('POST', path, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { audiences: [audience] },
      })) as { readonly status: { readonly token: string } };
      return status.token;
    },
  };
}
