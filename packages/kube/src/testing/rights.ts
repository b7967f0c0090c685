import type { Intercept } from '../client/call.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const verbOf: Readonly<Record<string, string>> = {
  replace: 'update',
  apply: 'patch',
  deleteCollection: 'deletecollection',
};

function right(verb: string, group: string, resource: string): string {
  return `${verb} ${group === '' ? resource : `${resource}.${group}`}`;
}

/** Writes down which rights the requests of a client need, as `verb resource.group` with the sub-resource behind the resource. */
export function recordRights(): { readonly used: ReadonlySet<string>; readonly intercept: Intercept } {
  const used = new Set<string>();
  const intercept: Intercept = async ({ verb, resource, subresource }, send) => {
    if (resource !== undefined) {
      const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
      used.add(right(verbOf[verb] ?? verb, resource.group, plural));
    }
    return await send();
  };
  return { used, intercept };
}

/** The same of rules; what they allow by name only ends with ` by name`. */
export function rightsOf(rules: readonly Rule[]): readonly string[] {
  return rules
    .flatMap(({ apiGroups = [], resources = [], verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((plural) =>
          verbs.map((verb) => `${right(verb, group, plural)}${resourceNames === undefined ? '' : ' by name'}`),
        ),
      ),
    )
    .toSorted();
}
