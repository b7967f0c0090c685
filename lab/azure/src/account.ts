import { randomUUID } from 'node:crypto';
import type { Authorization } from './authorization/authorization.ts';
import type { Directory } from './entra/directory.ts';
import { putSubscription } from './resources/subscription-routes.ts';
import type { Owner } from './running-azure.ts';
import type { Store } from './store/store.ts';

interface Kept {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly owner?: Owner;
  /** Where it listened: addresses that it gave out hold after a restart. */
  readonly port?: number;
}

/** What an emulator is from its first start on. */
export interface Account {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly owner: () => Owner | undefined;
  readonly port: () => number | undefined;
  /** Keeps more of it. */
  keep(more: Partial<Kept>): void;
}

/** The account kept in the store; made where there is none. */
export function openAccount(store: Store): Account {
  const table = store.table<Kept>('emulator');
  const kept = (): Kept => table.get('account') ?? { tenantId: randomUUID(), subscriptionId: randomUUID() };
  const keep = (more: Partial<Kept>): void => table.put('account', { ...kept(), ...more });
  keep({});
  const { tenantId, subscriptionId } = kept();
  return { tenantId, subscriptionId, owner: () => kept().owner, port: () => kept().port, keep };
}

/** The first subscription and who owns it, made at the first start. */
export function openOwner(account: Account, store: Store, directory: Directory, authorization: Authorization): Owner {
  const subscription = `/subscriptions/${account.subscriptionId}`;
  if (store.get(subscription) === undefined) putSubscription(store, account.subscriptionId, 'Azure emulator');
  const before = account.owner();
  if (before !== undefined) return before;
  const principal = directory.create({ displayName: 'owner', servicePrincipalType: 'Application' });
  authorization.assign(principal.id, subscription, 'Owner');
  const owner: Owner = {
    appId: principal.appId,
    objectId: principal.id,
    secret: directory.addSecret(principal.appId),
  };
  account.keep({ owner });
  return owner;
}
