import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import { imageFindings } from './image.ts';

/** A pod template must have containers, each with a name and an image; everything else in it is the person's own. */
export function templateFindings(template: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const findings: Finding[] = [];
  const report = (
    code: 'MissingField' | 'InvalidType' | 'InvalidValue',
    at: Path,
    message: string,
    remedy: string,
  ): void => {
    findings.push({ code, severity: 'error', path: formatPath(at), message: `${formatPath(at)} ${message}`, remedy });
  };
  const demand = (value: unknown, at: Path, isRight: boolean, kind: string, remedy: string): boolean => {
    if (value === undefined) report('MissingField', at, 'is missing.', remedy);
    else if (!isRight) report('InvalidType', at, `must be ${kind}, but is ${describeValue(value)}.`, remedy);
    return isRight;
  };
  const { spec } = template;
  if (!demand(spec, [...path, 'spec'], isMap(spec), 'a map', 'Add spec with containers.')) return findings;
  const { containers } = spec as Record<string, unknown>;
  const list = [...path, 'spec', 'containers'];
  if (!demand(containers, list, Array.isArray(containers), 'a list', 'Add one container with name and image.'))
    return findings;
  const items = containers as unknown[];
  if (items.length === 0) report('InvalidValue', list, 'is empty.', 'Add one container with name and image.');
  const names = new Set<string>();
  for (const [index, container] of items.entries()) {
    const at = [...list, index];
    if (!demand(container, at, isMap(container), 'a map', 'Give it name and image.')) continue;
    const { name, image } = container as Record<string, unknown>;
    if (demand(name, [...at, 'name'], typeof name === 'string' && name !== '', 'a name', 'Name the container.')) {
      if (names.has(String(name)))
        report(
          'InvalidValue',
          [...at, 'name'],
          `is ${String(name)} a second time.`,
          'Give each container a name of its own.',
        );
      names.add(String(name));
    }
    if (
      demand(
        image,
        [...at, 'image'],
        typeof image === 'string' && image !== '',
        'an image reference',
        'Name the image.',
      )
    ) {
      findings.push(...imageFindings(String(image), [...at, 'image']));
    }
  }
  return findings;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
