/** A bearer token and its life. */
export interface AccessToken {
  readonly value: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

/** An identity that can get tokens. */
export interface Credential {
  /**
   * A token for an audience such as `https://management.azure.com`, from memory while it lives.
   *
   * @throws AzureError `FederationMissing`, `LoginRefused`, `NoCredential`, `NetworkUnreachable`, `Throttled`, `ServerError`
   */
  token(audience: string, options?: { readonly signal?: AbortSignal }): Promise<AccessToken>;
}
