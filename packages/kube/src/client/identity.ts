import type { Credential, Impersonation } from '../config/cluster-config.ts';

/** The headers that say who asks, and as whom. */
export function identityHeaders(
  credential: Credential,
  impersonate: Impersonation | undefined,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (credential.token !== undefined) headers['authorization'] = `Bearer ${credential.token}`;
  if (impersonate === undefined) return headers;
  headers['impersonate-user'] = impersonate.user;
  if (impersonate.uid !== undefined) headers['impersonate-uid'] = impersonate.uid;
  if (impersonate.groups !== undefined && impersonate.groups.length > 0)
    headers['impersonate-group'] = [...impersonate.groups];
  for (const [key, values] of Object.entries(impersonate.extra ?? {}))
    headers[`impersonate-extra-${encodeURIComponent(key)}`] = [...values];
  return headers;
}
