import { Document } from 'yaml';
import type { Rendered } from './rendered.ts';

/** Objects as a stream of YAML documents, in order, for `kubectl apply -f -`. */
export function toYaml(objects: readonly object[]): string {
  return objects
    .map((object) => new Document(object, { aliasDuplicateObjects: false }).toString({ lineWidth: 0 }))
    .join('---\n');
}

/** Services, then the workload: the order in which they are applied. */
export function objectsOf({ services, workload }: Rendered): readonly object[] {
  return [...services, workload];
}
