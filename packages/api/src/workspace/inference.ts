import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import type { Path } from '../path.ts';
import { describeValue } from '../structural/describe.ts';
import type { Adapter, InferenceSpec } from '../workspace.ts';
import { imageFindings } from './image.ts';
import { placeholderIn } from './placeholder.ts';
import { templateFindings } from './template.ts';

/** What is wrong with an inference section that has the right types. */
export function inferenceFindings(inference: InferenceSpec): Finding[] {
  const findings: Finding[] = [];
  if (inference.preset !== undefined && inference.template !== undefined) {
    findings.push({
      code: 'MutuallyExclusive',
      severity: 'error',
      path: 'inference.template',
      message: 'inference.preset and inference.template are both set.',
      remedy: 'Keep the preset for a model of the catalog, the template for a pod of your own.',
    });
  } else if (inference.preset === undefined && inference.template === undefined) {
    findings.push({
      code: 'MissingField',
      severity: 'error',
      path: 'inference.preset',
      message: 'inference names neither a preset nor a template.',
      remedy: 'Add inference.preset.name; `kaito models` lists the names.',
    });
  }
  const name = inference.preset?.name;
  const placeholder = name === undefined ? undefined : placeholderIn(name);
  if (placeholder !== undefined) {
    findings.push({
      code: 'InvalidValue',
      severity: 'error',
      path: 'inference.preset.name',
      message: `inference.preset.name still holds the placeholder ${placeholder}.`,
      remedy: 'Put the value in its place.',
    });
  }
  const image = inference.preset?.presetOptions?.image;
  if (image !== undefined && image !== '') {
    findings.push(...imageFindings(image, ['inference', 'preset', 'presetOptions', 'image']));
  }
  if (inference.template !== undefined)
    findings.push(...templateFindings(inference.template, ['inference', 'template']));
  return [...findings, ...adaptersFindings(inference.adapters ?? [])];
}

function adaptersFindings(adapters: readonly Adapter[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, number>();
  for (const [index, adapter] of adapters.entries()) {
    const path = ['inference', 'adapters', index, 'source'];
    findings.push(...adapterFindings(adapter, path));
    const name = adapter.source?.name;
    if (name === undefined) continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else {
      findings.push({
        code: 'InvalidValue',
        severity: 'error',
        path: formatPath([...path, 'name']),
        message: `Adapters ${first} and ${index} are both named ${name}.`,
        remedy: 'Give each adapter a name of its own.',
      });
    }
  }
  return findings;
}

function adapterFindings({ source }: Adapter, path: Path): Finding[] {
  if (source === undefined)
    return [missing(path, 'Say where the adapter comes from: source with name, and urls or image.')];
  const findings: Finding[] = [];
  if (source.name === undefined) findings.push(missing([...path, 'name'], 'Give the adapter a name.'));
  const urls = source.urls ?? [];
  if (urls.length > 0 && source.image !== undefined) {
    findings.push({
      code: 'MutuallyExclusive',
      severity: 'error',
      path: formatPath([...path, 'image']),
      message: `${formatPath(path)} has both urls and image.`,
      remedy: 'Keep one of them.',
    });
  }
  if (urls.length === 0 && source.image === undefined && source.volumeSource === undefined) {
    findings.push(missing([...path, 'urls'], 'Say where the adapter comes from: urls or image.'));
  }
  for (const [index, url] of urls.entries()) {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) continue;
    findings.push({
      code: 'InvalidValue',
      severity: 'error',
      path: formatPath([...path, 'urls', index]),
      message: `${formatPath([...path, 'urls', index])} is ${describeValue(url)}, which is no http or https URL.`,
      remedy: 'Write the full URL, e.g. https://host/path/adapter.gguf.',
    });
  }
  if (source.image !== undefined) findings.push(...imageFindings(source.image, [...path, 'image']));
  return findings;
}

function missing(path: Path, remedy: string): Finding {
  const at = formatPath(path);
  return { code: 'MissingField', severity: 'error', path: at, message: `${at} is missing.`, remedy };
}
