/** Whether an action is one that a pattern of a role names: `*` stands for any characters, case does not count. */
export function matchesAction(pattern: string, action: string): boolean {
  const expression = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${expression}$`, 'i').test(action);
}

/** Whether what is assigned at `assigned` holds at `scope`: there and everywhere below. */
export function covers(assigned: string, scope: string): boolean {
  const above = assigned.toLowerCase().replace(/\/+$/, '');
  const below = scope.toLowerCase().replace(/\/+$/, '');
  return below === above || below.startsWith(`${above}/`);
}

export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** Whether a permission grants an action. What `notActions` takes away, another permission may still give. */
export function grants(permission: Permission, action: string, data: boolean): boolean {
  const given = data ? permission.dataActions : permission.actions;
  const taken = data ? permission.notDataActions : permission.notActions;
  return given.some((each) => matchesAction(each, action)) && !taken.some((each) => matchesAction(each, action));
}
