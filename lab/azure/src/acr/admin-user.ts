import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Store } from '../store/store.ts';
import type { Registry } from './registries.ts';

interface Passwords {
  readonly password: string;
  readonly password2: string;
}
export type PasswordName = keyof Passwords;

/** The user that a registry has by itself, named as the registry is, with two passwords so that one may be changed while the other is used. */
export interface AdminUsers {
  passwords(registry: Registry): Passwords;
  regenerate(registry: Registry, name: PasswordName): Passwords;
  /** Whether this is the registry's admin user, and it may log in. */
  matches(registry: Registry, username: string, password: string): boolean;
  forget(registryId: string): void;
}

const keyOf = (id: string): string => id.toLowerCase();
/** 52 characters, as ACR's are. */
const fresh = (): string => randomBytes(39).toString('base64');

export function createAdminUsers(store: Store): AdminUsers {
  const table = store.table<Passwords>('acr/admin-users');
  const users: AdminUsers = {
    passwords(registry) {
      const held = table.get(keyOf(registry.id));
      if (held !== undefined) return held;
      const made = { password: fresh(), password2: fresh() };
      table.put(keyOf(registry.id), made);
      return made;
    },
    regenerate(registry, name) {
      const changed = { ...users.passwords(registry), [name]: fresh() };
      table.put(keyOf(registry.id), changed);
      return changed;
    },
    matches(registry, username, password) {
      if (!registry.adminUserEnabled || username.toLowerCase() !== registry.name.toLowerCase()) return false;
      return Object.values(users.passwords(registry)).some((held: string) => same(held, password));
    },
    forget: (id) => table.delete(keyOf(id)),
  };
  return users;
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
