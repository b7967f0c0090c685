/** A service principal of the directory: of an application, or of a managed identity. */
export interface Principal {
  /** Object id, a GUID. */
  readonly id: string;
  /** Application (client) id, a GUID. */
  readonly appId: string;
  readonly displayName: string;
  readonly servicePrincipalType: 'Application' | 'ManagedIdentity';
  /** Resource id of the managed identity. */
  readonly alternativeId?: string;
}

export interface Principals {
  create(principal: Pick<Principal, 'displayName' | 'servicePrincipalType' | 'alternativeId'>): Principal;
  /** By object id or by application id. */
  find(id: string): Principal | undefined;
  delete(id: string): void;
  /** The principal whose access token this is, for `audience`. Undefined: not one of ours, forged or expired. */
  authenticate(token: string, audience: 'resource-manager' | 'graph' | 'registry'): Principal | undefined;
  /** An access token for a principal, as its own login would get it. */
  issue(principal: Principal, audience: string): { readonly token: string; readonly expiresInSeconds: number };
}
