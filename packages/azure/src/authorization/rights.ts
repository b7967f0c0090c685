import { listOf, objectOf, textsOf } from '../json.ts';

/** What a role allows: actions of Resource Manager and data actions, with `*` for anything; what is excepted counts within the same set alone. */
export interface PermissionSet {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** What someone may do at a scope. */
export interface Rights {
  readonly permissions: readonly PermissionSet[];
  /** Whether they may do `action`, e.g. `Microsoft.ContainerService/managedClusters/agentPools/write`; `data`: a data action. */
  allows(action: string, options?: { readonly data?: boolean }): boolean;
  /** Those of `actions` that they may not do. */
  missing(actions: readonly string[]): readonly string[];
}

/** Rights by the sets of all roles that someone has. Deny assignments, which only Azure itself makes, are not looked at. */
export function rightsOf(permissions: readonly PermissionSet[]): Rights {
  const allows: Rights['allows'] = (action, { data = false } = {}) =>
    permissions.some((set) =>
      data
        ? matchesAny(set.dataActions, action) && !matchesAny(set.notDataActions, action)
        : matchesAny(set.actions, action) && !matchesAny(set.notActions, action),
    );
  return { permissions, allows, missing: (actions) => actions.filter((action) => !allows(action)) };
}

/** Whether a pattern of a role matches an action: without regard to case, `*` standing for any text. */
export function actionMatches(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (parts.length === 1) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** A permission set as Resource Manager writes it. */
export function permissionSetOf(value: unknown): PermissionSet {
  const set = objectOf(value) ?? {};
  return {
    actions: textsOf(set['actions']),
    notActions: textsOf(set['notActions']),
    dataActions: textsOf(set['dataActions']),
    notDataActions: textsOf(set['notDataActions']),
  };
}

export function permissionSetsOf(value: unknown): readonly PermissionSet[] {
  return listOf(value).map(permissionSetOf);
}

function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => actionMatches(pattern, action));
}
