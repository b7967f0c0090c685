import type { Finding } from '../finding.ts';
import { describeValue } from '../structural/describe.ts';
import type { ResourceSpec } from '../workspace.ts';
import { placeholderIn } from './placeholder.ts';
import { selectorFindings } from './selector.ts';

/** What is wrong with a resource section that has the right types. Whether the machine type exists is the catalog's to say. */
export function resourceFindings(resource: ResourceSpec): Finding[] {
  const findings: Finding[] = [];
  const type = resource.instanceType ?? '';
  const invalid = (message: string, remedy: string): void => {
    findings.push({ code: 'InvalidValue', severity: 'error', path: 'resource.instanceType', message, remedy });
  };
  const placeholder = placeholderIn(type);
  if (placeholder !== undefined) {
    invalid(`resource.instanceType still holds the placeholder ${placeholder}.`, 'Put the value in its place.');
  } else if (type !== '' && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(type)) {
    invalid(
      `resource.instanceType is ${describeValue(type)}, which is no machine type.`,
      'Write its name, e.g. Standard_NC24ads_A100_v4; `kaito machines` lists them.',
    );
  }
  return [...findings, ...selectorFindings(resource.labelSelector)];
}
