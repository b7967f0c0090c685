import type { Check } from '../../doctor/check.ts';
import type { Cluster } from '../connect.ts';
import { grant } from '../explain.ts';
import { asCheck } from './finding.ts';

interface Right {
  readonly verb: string;
  /** `pods/log` for a sub-resource. */
  readonly resource: string;
  readonly group: string;
  readonly namespaced: boolean;
}

const kaito = (verb: string): Right => ({ verb, resource: 'workspaces', group: 'kaito.sh', namespaced: true });
const core = (verb: string, resource: string, namespaced = true): Right => ({ verb, resource, group: '', namespaced });

/** What each part of the command needs; without the first nothing works. */
const needs: readonly {
  readonly to: string;
  readonly state: 'warning' | 'failed';
  readonly rights: readonly Right[];
}[] = [
  { to: 'see Workspaces', state: 'failed', rights: ['get', 'list', 'watch'].map(kaito) },
  { to: 'change Workspaces', state: 'warning', rights: ['create', 'patch', 'delete'].map(kaito) },
  {
    to: 'chat and read logs',
    state: 'warning',
    rights: [core('list', 'pods'), core('get', 'pods/log'), core('create', 'pods/portforward')],
  },
  {
    to: 'see causes',
    state: 'warning',
    rights: [
      core('list', 'events'),
      core('list', 'nodes', false),
      { verb: 'list', resource: 'nodeclaims', group: 'karpenter.sh', namespaced: false },
    ],
  },
];

/** Whether the person may do what the command does in `namespace`; asked of the API server, which then does nothing. */
export async function rightsChecks({ client }: Cluster, namespace: string, user: string): Promise<Check[]> {
  const may = async ({ verb, resource, group, namespaced }: Right): Promise<boolean> => {
    const [name, subresource] = resource.split('/');
    const resourceAttributes = {
      verb,
      group,
      resource: name,
      ...(subresource != null && { subresource }),
      ...(namespaced && { namespace }),
    };
    const answer = await client.raw('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    });
    return (answer as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
  };
  const lacking = async (rights: readonly Right[]): Promise<Right[]> => {
    const allowed = await Promise.all(rights.map(may));
    return rights.filter((_, index) => allowed[index] !== true);
  };
  try {
    const missing = await Promise.all(needs.map(({ rights }) => lacking(rights)));
    const checks = needs.flatMap(({ to, state }, index): Check[] => {
      const rights = missing[index]!;
      if (rights.length === 0) return [];
      const words = [...Map.groupBy(rights, ({ resource }) => resource)].map(
        ([resource, each]) => `${each.map(({ verb }) => verb).join(', ')} ${resource}`,
      );
      const commands = rights.map(({ namespaced, ...right }) =>
        grant({ ...right, user, namespace: namespaced ? namespace : undefined }),
      );
      return [
        {
          name: 'rights',
          state,
          found: `you may not ${to}: no right to ${words.join('; ')} in namespace ${namespace}`,
          remedy: `Have an administrator grant it: ${[...new Set(commands)].join(' && ')}`,
        },
      ];
    });
    if (checks.length > 0) return checks;
    const all = needs.map(({ to }) => to).join(', ');
    return [{ name: 'rights', state: 'ok', found: `in namespace ${namespace} you may ${all}` }];
  } catch (error) {
    return [asCheck(error, 'rights')];
  }
}
