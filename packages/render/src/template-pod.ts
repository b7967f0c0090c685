import { type Workspace, workspaceLabel } from '@kaito/api';
import { compact, type Decided, type PodTemplate } from './decided.ts';
import { nodeTerms, tolerations } from './placement.ts';

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/**
 * A person's own pod template, as written, with the Workspace's label, its tolerations behind the person's own (none twice), and its node
 * requirements added to every term of the person's node affinity: terms are alternatives, so each is joined with each of ours.
 */
export function templatePod(plan: Decided, workspace: Workspace): PodTemplate {
  const template = fields(workspace.inference?.template);
  const metadata = fields(template['metadata']);
  const spec = fields(template['spec']);
  const annotations = metadata['annotations'];
  return {
    metadata: {
      labels: { ...fields(metadata['labels']), [workspaceLabel]: plan.workspace.name } as Record<string, string>,
      ...(annotations !== undefined && { annotations: annotations as Record<string, string> }),
    },
    spec: compact({
      ...spec,
      affinity: withTerms(fields(spec['affinity']), nodeTerms(plan)),
      tolerations: withTolerations(list(spec['tolerations']), tolerations(plan)),
    }),
  };
}

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution';

function withTerms(affinity: Fields, ours: readonly (readonly object[])[]): Fields {
  const node = fields(affinity['nodeAffinity']);
  const theirs = list(fields(node[requiredTerms])['nodeSelectorTerms']).map(fields);
  const nodeSelectorTerms = (theirs.length > 0 ? theirs : [{} as Fields]).flatMap((term) =>
    ours.map((requirements) => ({
      ...term,
      matchExpressions: [...list(term['matchExpressions']), ...requirements],
    })),
  );
  return { ...affinity, nodeAffinity: { ...node, [requiredTerms]: { nodeSelectorTerms } } };
}

function identity(toleration: unknown): string {
  const { key, effect } = fields(toleration);
  return `${String(key)}/${String(effect)}`;
}

/** Ours are left out where the person tolerates the same key and effect in words of their own. */
function withTolerations(own: readonly unknown[], ours: readonly object[]): readonly unknown[] {
  const known = new Set(own.map(identity));
  return [...own, ...ours.filter((toleration) => !known.has(identity(toleration)))];
}
