import { withAdapters, withPreset, withTemplate, workspaceWith } from '../workspaces.ts';
import type { Rule } from './rule.ts';

const adapter = { source: { name: 'style', urls: ['https://example.com/style.gguf'] } };

const container = { name: 'main', image: 'registry.example.com/model:1' };

/** Rules of `@kaito/api` about adapters and pod templates. */
export const podRules: readonly Rule[] = [
  {
    rule: 'preset and template',
    code: 'MutuallyExclusive',
    path: 'inference.template',
    by: 'schema',
    refused: workspaceWith({
      inference: { preset: { name: 'phi-2' }, template: { spec: { containers: [container] } } },
    }),
    accepted: withPreset({ name: 'phi-2' }),
  },
  {
    rule: 'an adapter without a source',
    code: 'MissingField',
    path: 'inference.adapters[0].source',
    by: 'webhook',
    refused: withAdapters({ strength: '0.5' }),
    accepted: withAdapters({ ...adapter, strength: '0.5' }),
  },
  {
    rule: 'an adapter without a name',
    code: 'MissingField',
    path: 'inference.adapters[0].source.name',
    by: 'webhook',
    refused: withAdapters({ source: { urls: adapter.source.urls } }),
    accepted: withAdapters(adapter),
  },
  {
    rule: 'an adapter of two sources',
    code: 'MutuallyExclusive',
    path: 'inference.adapters[0].source.image',
    by: 'webhook',
    refused: withAdapters({ source: { ...adapter.source, image: 'registry.example.com/a:1' } }),
    accepted: withAdapters(adapter),
  },
  {
    rule: 'two adapters of one name',
    code: 'InvalidValue',
    path: 'inference.adapters[1].source.name',
    by: 'webhook',
    refused: withAdapters(adapter, adapter),
    accepted: withAdapters(adapter, { source: { ...adapter.source, name: 'tone' } }),
  },
  {
    rule: 'an adapter from a file',
    code: 'InvalidValue',
    path: 'inference.adapters[0].source.urls[0]',
    by: 'webhook',
    refused: withAdapters({ source: { name: 'style', urls: ['file:///etc/passwd'] } }),
    accepted: withAdapters(adapter),
  },
  {
    rule: 'an adapter from a volume',
    code: 'NotSupported',
    path: 'inference.adapters[0].source.volumeSource',
    by: 'webhook',
    refused: withAdapters({ source: { ...adapter.source, volumeSource: { emptyDir: {} } } }),
    accepted: withAdapters(adapter),
  },
  {
    rule: 'pull Secrets of an adapter',
    code: 'NotSupported',
    path: 'inference.adapters[0].source.imagePullSecrets',
    by: 'webhook',
    refused: withAdapters({ source: { name: 'style', image: 'registry.example.com/a:1', imagePullSecrets: ['s'] } }),
    accepted: withAdapters({ source: { name: 'style', image: 'registry.example.com/a:1' } }),
  },
  {
    rule: 'a strength above one',
    code: 'InvalidValue',
    path: 'inference.adapters[0].strength',
    by: 'schema',
    refused: withAdapters({ ...adapter, strength: '2' }),
    accepted: withAdapters({ ...adapter, strength: '1' }),
  },
  {
    rule: 'a template without a pod',
    code: 'MissingField',
    path: 'inference.template.spec',
    by: 'webhook',
    refused: withTemplate({ template: {} }),
    accepted: withTemplate(),
  },
  {
    rule: 'a pod that is a list',
    code: 'InvalidType',
    path: 'inference.template.spec',
    by: 'webhook',
    refused: withTemplate({ spec: [] }),
    accepted: withTemplate(),
  },
  {
    rule: 'a pod without containers',
    code: 'MissingField',
    path: 'inference.template.spec.containers',
    by: 'webhook',
    refused: withTemplate({ spec: {} }),
    accepted: withTemplate(),
  },
  {
    rule: 'a pod of no container',
    code: 'InvalidValue',
    path: 'inference.template.spec.containers',
    by: 'webhook',
    refused: withTemplate({ spec: { containers: [] } }),
    accepted: withTemplate(),
  },
  {
    rule: 'a container without an image',
    code: 'MissingField',
    path: 'inference.template.spec.containers[0].image',
    by: 'webhook',
    refused: withTemplate({ spec: { containers: [{ name: 'main' }] } }),
    accepted: withTemplate(),
  },
  {
    rule: 'two containers of one name',
    code: 'InvalidValue',
    path: 'inference.template.spec.containers[1].name',
    by: 'webhook',
    refused: withTemplate({ spec: { containers: [container, container] } }),
    accepted: withTemplate({ spec: { containers: [container, { ...container, name: 'side' }] } }),
  },
];
