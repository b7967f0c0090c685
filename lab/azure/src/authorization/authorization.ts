/** Role assignments, enforced. */
export interface Authorization {
  /** Whether a principal may do `action` at `scope`, by an assignment there or above; `data`: a data action, e.g. of a registry's repositories. */
  allows(principalId: string, scope: string, action: string, options?: { readonly data?: boolean }): boolean;
  /** @throws ArmError AuthorizationFailed, in Azure's words */
  require(principalId: string, scope: string, action: string): void;
  /** Assigns a built-in role by its name, as Azure does by itself for resources that it makes. */
  assign(principalId: string, scope: string, roleName: string): void;
}
