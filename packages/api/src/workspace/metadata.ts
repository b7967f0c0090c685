import type { Finding } from '../finding.ts';
import { maxWorkspaceNameLength } from '../names.ts';
import { formatPath } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import type { ObjectMeta } from '../workspace.ts';
import { annotationFindings } from './annotations.ts';
import { isQualifiedName, labelFindings } from './label-syntax.ts';
import { placeholderIn } from './placeholder.ts';

/** What is wrong with the metadata of a Workspace whose metadata has the right types. */
export function metadataFindings(metadata: ObjectMeta): Finding[] {
  const findings = [...nameFindings(metadata), ...namespaceFindings(metadata.namespace)];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    findings.push(...labelFindings(key, value, ['metadata', 'labels', key]));
  }
  const annotations = metadata.annotations ?? {};
  for (const key of Object.keys(annotations).filter((key) => !isQualifiedName(key.toLowerCase()))) {
    findings.push({
      code: 'InvalidValue',
      severity: 'error',
      path: formatPath(['metadata', 'annotations', key]),
      message: `${describeValue(key)} is no annotation key.`,
      remedy: 'Use letters, digits, "-", "_" and ".", at most 63, with an optional DNS prefix and a slash.',
    });
  }
  return [...findings, ...annotationFindings(annotations)];
}

function nameFindings({ name, generateName }: ObjectMeta): Finding[] {
  const path = 'metadata.name';
  if (name == null) {
    if (typeof generateName === 'string' && generateName !== '') return [];
    const remedy = 'Add metadata.name, e.g. workspace-mistral-7b-instruct.';
    return [{ code: 'MissingField', severity: 'error', path, message: 'metadata.name is missing.', remedy }];
  }
  const invalid = (message: string, remedy: string): Finding[] => [
    { code: 'InvalidName', severity: 'error', path, message, remedy },
  ];
  const placeholder = placeholderIn(name);
  if (placeholder !== undefined) {
    return invalid(`metadata.name still holds the placeholder ${placeholder}.`, 'Put the value in its place.');
  }
  // A Service's name is a DNS-1035 label: it begins with a letter.
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    return invalid(
      `metadata.name is ${describeValue(name)}, which cannot be the name of a Service.`,
      'Use lower-case letters, digits and "-", beginning with a letter and not ending with "-".',
    );
  }
  if (name.length > maxWorkspaceNameLength) {
    return invalid(
      `metadata.name has ${name.length} characters; with more than ${maxWorkspaceNameLength} the workload's names do not fit.`,
      'Shorten it.',
    );
  }
  return [];
}

function namespaceFindings(namespace: string | undefined | null): Finding[] {
  if (namespace == null || namespace === '' || /^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) return [];
  return [
    {
      code: 'InvalidName',
      severity: 'error',
      path: 'metadata.namespace',
      message: `metadata.namespace is ${describeValue(namespace)}, which is no namespace name.`,
      remedy: 'Use lower-case letters, digits and "-", at most 63.',
    },
  ];
}
