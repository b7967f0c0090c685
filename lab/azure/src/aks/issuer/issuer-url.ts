import type { Store } from '../../store/store.ts';
import type { Emulator } from '../../wire/service.ts';

type Place = Pick<Emulator, 'names' | 'port' | 'tenantId'>;

/** Where a cluster's discovery document and keys are served, with a slash at the end as AKS has it; as a rule also its issuer. */
export function issuerUrl({ names, port, tenantId }: Place, location: string, uid: string): string {
  const base = names === 'public' ? `https://${location}.oic.prod-aks.azure.com` : `https://localhost:${port}/oidc`;
  return `${base}/${tenantId}/${uid}/`;
}

/** Whether a host and path may be those of an issuer here. */
export function isIssuerPlace(names: Emulator['names'], host: string, path: string): boolean {
  return names === 'public' ? host.endsWith('.oic.prod-aks.azure.com') : path.startsWith('/oidc/');
}

const table = (store: Store) => store.table<string>('aks/issuers');

/** The issuer of the tokens of the cluster with that uid, as its API server was started with. */
export const issuerOf = (store: Store, uid: string): string => table(store).get(uid) ?? '';

export const setIssuer = (store: Store, uid: string, issuer: string): void => table(store).put(uid, issuer);

export const dropIssuer = (store: Store, uid: string): void => table(store).delete(uid);
