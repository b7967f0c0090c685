import { withAdapters, withPreset, withResource, withTemplate, workspaceWith } from '../workspaces.ts';
import type { Rule } from './rule.ts';

const adapter = { source: { name: 'style', urls: ['https://example.com/style.gguf'] } };

/** Rules of `@kaito/planner`: they need the catalog. */
export const plannerRules: readonly Rule[] = [
  {
    rule: 'a preset that is not in the catalog',
    code: 'UnknownPreset',
    path: 'inference.preset.name',
    by: 'webhook',
    refused: withPreset({ name: 'phi-9' }),
    accepted: withPreset({ name: 'phi-2' }),
  },
  {
    rule: 'a machine type that is none',
    code: 'InvalidInstanceType',
    path: 'resource.instanceType',
    by: 'webhook',
    refused: withResource({ instanceType: 'gpu' }),
    accepted: withResource({ instanceType: 'Standard_NC24ads_A100_v4' }),
  },
  {
    rule: 'a model larger than the GPU',
    code: 'InsufficientGPUMemory',
    path: 'resource.instanceType',
    by: 'webhook',
    refused: withPreset(
      { name: 'mistral-7b-instruct' },
      { resource: { instanceType: 'Standard_NV6ads_A10_v5', labelSelector: {} } },
    ),
    accepted: withPreset(
      { name: 'mistral-7b-instruct' },
      { resource: { instanceType: 'Standard_NC64as_T4_v3', labelSelector: {} } },
    ),
  },
  {
    rule: 'a model larger than the RAM',
    code: 'InsufficientMemory',
    path: 'resource.instanceType',
    by: 'webhook',
    refused: withPreset(
      { name: 'llama-3.3-70b-instruct' },
      { resource: { instanceType: 'Standard_D2s_v5', labelSelector: {} } },
    ),
    accepted: withPreset(
      { name: 'llama-3.3-70b-instruct' },
      { resource: { instanceType: 'Standard_D16s_v5', labelSelector: {} } },
    ),
  },
  {
    rule: 'more GPUs than the machine has',
    code: 'InsufficientGPUs',
    path: 'resource.instanceType',
    by: 'webhook',
    refused: withTemplate({ gpus: 8 }),
    accepted: withTemplate({ gpus: 1 }),
  },
  {
    rule: 'a GPU model on a machine without',
    code: 'NoGPU',
    path: 'resource.instanceType',
    by: 'webhook',
    refused: withResource({ instanceType: 'Standard_D8s_v5' }),
    accepted: withResource({ instanceType: 'Standard_NC24ads_A100_v4' }),
  },
  {
    rule: 'ranks that the machines cannot share evenly',
    code: 'UnevenRanks',
    path: 'resource.count',
    by: 'webhook',
    refused: withPreset(
      { name: 'llama-2-70b-chat', accessMode: 'private', presetOptions: { image: 'registry.example.com/l:1' } },
      { resource: { count: 3, instanceType: 'Standard_NC96ads_A100_v4', labelSelector: {} } },
    ),
    accepted: withPreset(
      { name: 'llama-2-70b-chat', accessMode: 'private', presetOptions: { image: 'registry.example.com/l:1' } },
      { resource: { count: 2, instanceType: 'Standard_NC96ads_A100_v4', labelSelector: {} } },
    ),
  },
  {
    rule: 'a private model without an image',
    code: 'ImageRequired',
    path: 'inference.preset.presetOptions.image',
    by: 'webhook',
    refused: withPreset({ name: 'llama-2-7b-chat', accessMode: 'private' }),
    accepted: withPreset({
      name: 'llama-2-7b-chat',
      accessMode: 'private',
      presetOptions: { image: 'registry.example.com/l:1' },
    }),
  },
  {
    rule: 'adapters of an image that loads none',
    code: 'NotSupported',
    path: 'inference.adapters',
    by: 'webhook',
    refused: workspaceWith({ inference: { preset: { name: 'phi-2' }, adapters: [adapter] } }),
    accepted: withAdapters(adapter),
  },
];
