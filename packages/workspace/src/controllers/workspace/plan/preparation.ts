import { withDefaults, type Workspace } from '@kaito/api';
import { keyOf } from '@kaito/kube';
import { nothingKnown, type Plan, plan } from '@kaito/planner';
import { render } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import type { Dependencies } from '../dependencies.ts';
import { fieldsHash, sha256 } from './fields-hash.ts';
import type { Decided } from './revisions.ts';

/** What this operator, with its catalog, would make of a Workspace as it is written now. */
export interface Prepared {
  /** With all that explains it; refused where `wanted` is absent. */
  readonly plan: Plan;
  /** See `fieldsHash`. */
  readonly fields: string;
  /** What would run, and the name of its revision. */
  readonly wanted?: Decided & { readonly name: string };
}

export interface Preparation {
  of(workspace: Live<Workspace>): Prepared;
  forget(key: string): void;
}

/**
 * Plans and renders each Workspace once for what its person has written: nothing that the operator itself writes makes it be done again. The
 * cluster's nodes do not enter: what runs must not depend on which of them were there at that moment.
 */
export function createPreparation({ catalog, options }: Pick<Dependencies, 'catalog' | 'options'>): Preparation {
  const known = new Map<string, { readonly id: string; readonly prepared: Prepared }>();
  return {
    of(workspace) {
      const { uid, generation, annotations } = workspace.metadata;
      const id = `${uid}/${generation}/${JSON.stringify(annotations)}`;
      const key = keyOf(workspace);
      const held = known.get(key);
      if (held?.id === id) return held.prepared;
      const prepared = prepare(workspace);
      known.set(key, { id, prepared });
      return prepared;
    },
    forget: (key) => void known.delete(key),
  };

  function prepare(workspace: Live<Workspace>): Prepared {
    const { presetRegistry, serverImage } = options;
    const fresh = plan(withDefaults(workspace), catalog, nothingKnown, { target: 'cluster', presetRegistry });
    const fields = fieldsHash(workspace);
    if (!fresh.admitted) return { plan: fresh, fields };
    const rendered = render(fresh, workspace, { serverImage });
    const name = revisionName(workspace, { fields, rendered });
    return { plan: fresh, fields, wanted: { fields, plan: slim(fresh), rendered, name } };
  }
}

/** `<workspace>-` and eight hex digits of what the person decided and what runs: equal content has one name. */
export function revisionName(workspace: Live<Workspace>, content: Pick<Decided, 'fields' | 'rendered'>): string {
  const { fields, rendered } = content;
  return `${workspace.metadata.name}-${sha256(JSON.stringify({ fields, rendered })).slice(0, 8)}`;
}

/** The Plan without what only explains it. */
export function slim(plan: Plan): Plan {
  return { ...plan, alternatives: [], decisions: [] };
}
