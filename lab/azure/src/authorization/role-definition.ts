import type { Permission } from './match.ts';

/** A role: what it allows, and where it may be assigned. */
export interface RoleDefinition {
  /** A GUID. */
  readonly name: string;
  readonly roleName: string;
  readonly roleType: 'BuiltInRole' | 'CustomRole';
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly assignableScopes: readonly string[];
  /** RFC 3339. */
  readonly createdOn: string;
  readonly updatedOn: string;
}

/** An assignment of a role to a principal. */
export interface RoleAssignment {
  /** A GUID. */
  readonly name: string;
  readonly scope: string;
  /** GUID of the role. */
  readonly roleName: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly description?: string;
  readonly createdBy: string;
  /** RFC 3339. */
  readonly createdOn: string;
  /** When it has spread to where rights are checked; RFC 3339. */
  readonly effectiveOn: string;
}
