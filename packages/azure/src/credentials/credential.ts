import type { Call } from '../call.ts';

/** A bearer token and its life. */
export interface AccessToken {
  readonly value: string;
  /** ms since 1970. */
  readonly expiresAt: number;
}

export interface TokenOptions extends Call {
  /** A token that was refused: it is not answered again. */
  readonly insteadOf?: AccessToken;
  /** What the new token is asked to claim (JSON), of a claims challenge. */
  readonly claims?: string;
}

/** An identity that can get tokens. */
export interface Credential {
  /**
   * A token for an audience such as `https://management.azure.com`, from memory while it lives.
   *
   * @throws AzureError `FederationMissing`, `LoginRefused`, `NoCredential`, `NetworkUnreachable`, `Throttled`, `ServerError`
   */
  token(audience: string, options?: TokenOptions): Promise<AccessToken>;
}
