import type { Rendered, RenderedObject } from '@kaito/render';

/** At most so many lines are told; more say no more. */
const most = 8;

/**
 * What one rendering does that the other does not, one line for each field, for people: `Deployment: spec.template.spec.containers[0].image:
 * a → b`. Empty when both are equal.
 */
export function differenceOf(before: Rendered, after: Rendered): readonly string[] {
  const [old, fresh] = [before, after].map(({ services, workload }) => new Map([...services, workload].map(named)));
  const lines: string[] = [];
  for (const [name, object] of fresh!) {
    const previous = old!.get(name);
    if (previous === undefined) lines.push(`${name} is new`);
    else lines.push(...fieldDifferences(previous, object, '').map((line) => `${name}: ${line}`));
  }
  for (const name of old!.keys()) if (!fresh!.has(name)) lines.push(`${name} goes`);
  return lines.length > most ? [...lines.slice(0, most), `and ${lines.length - most} more`] : lines;
}

function named(object: RenderedObject): readonly [string, RenderedObject] {
  return [`${object.kind} ${object.metadata.name}`, object];
}

function fieldDifferences(before: unknown, after: unknown, path: string): string[] {
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      fieldDifferences(before[key], after[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item, index) => fieldDifferences(before[index], item, `${path}[${index}]`));
  }
  const [old, fresh] = [before, after].map((value) => JSON.stringify(value));
  return old === fresh ? [] : [`${path}: ${shown(old)} → ${shown(fresh)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
