import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { placesOf } from '../structural/check.ts';
import type { StructuralSchema } from '../structural/schema.ts';
import { nearest } from '../structural/suggestion.ts';

/** Names that other APIs, or people, use for a field of the Workspace. */
const knownElsewhere: Readonly<Record<string, string>> = {
  spec: 'Workspace has no spec; move its fields (resource, inference) to the top level.',
  replicas: 'Use resource.count.',
  nodeSelector: 'Use resource.labelSelector.matchLabels.',
  vmSize: 'Use resource.instanceType.',
  model: 'Use inference.preset.name.',
  enablelb: 'It is an annotation: metadata.annotations: {kaito.sh/enablelb: "True"}.',
};

/** The Finding for a field that the schema does not know: what was probably meant, or where the field belongs. */
export function unknownField(schema: StructuralSchema, path: Path, siblings: readonly string[]): Finding {
  const name = String(path.at(-1));
  const parent = formatPath(path.slice(0, -1));
  const owner = parent === '' ? 'A Workspace' : parent;
  return {
    code: 'UnknownField',
    severity: 'error',
    path: formatPath(path),
    message: `${owner} has no field ${name.length > 80 ? `${name.slice(0, 77)}...` : name}.`,
    remedy: remedy(schema, name, parent, siblings),
  };
}

function remedy(schema: StructuralSchema, name: string, parent: string, siblings: readonly string[]): string {
  if (name === 'spec' && parent === '') return knownElsewhere['spec']!;
  const inside = (field: string): string => (parent === '' ? field : `${parent}.${field}`);
  const meant = nearest(name, siblings);
  if (meant !== undefined) return `Did you mean ${inside(meant)}?`;
  const [place] = placesOf(schema, name);
  if (place !== undefined) return `Move it to ${place}.`;
  if (Object.hasOwn(knownElsewhere, name) && name !== 'spec') return knownElsewhere[name]!;
  const far = nearest(name, Object.keys(schema.properties ?? {}));
  if (far !== undefined) return `Move it to ${far}.`;
  return siblings.length > 0 ? `Remove it; the fields here are ${siblings.join(', ')}.` : 'Remove it.';
}
