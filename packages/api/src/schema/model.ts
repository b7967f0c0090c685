import { z } from 'zod';
import type { Adapter, DataDestination, DataSource, InferenceSpec, Preset, TuningSpec } from '../workspace.ts';
import { objectName, opaque, rules, text } from './fields.ts';

const optional = z.exactOptional;

const pullSecrets = z
  .array(objectName('Name of a Secret of type kubernetes.io/dockerconfigjson in the same namespace.'))
  .max(32)
  .meta({ description: 'Names (plain strings) of the Secrets with which the image is pulled.' });

const preset = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(253)
      .meta({ description: 'Model of the catalog, e.g. mistral-7b-instruct; `kaito models` lists them.' }),
    accessMode: optional(
      z.enum(['public', 'private']).meta({
        description: "public: the preset's own image. private: an image you built, named in presetOptions.image.",
        default: 'public',
      }),
    ),
    presetOptions: optional(
      z
        .strictObject({
          image: optional(
            text(1024, "Model image to run instead of the preset's own, e.g. from your private registry."),
          ),
          imagePullSecrets: optional(pullSecrets),
          modelAccessSecret: optional(
            objectName('Name of a Secret in the same namespace whose key HF_TOKEN opens a gated model.'),
          ),
        })
        .meta({ description: 'Where the model comes from, when not from its public home.' }),
    ),
  })
  .meta({ description: 'A model of the catalog, with everything needed to run it.' }) satisfies z.ZodType<Preset>;

const dataSource = z
  .strictObject({
    name: optional(objectName('Name of the source, unique in the Workspace.')),
    urls: optional(
      z.array(text(2048, 'An http or https URL.')).max(32).meta({ description: 'Where to download from.' }),
    ),
    volumeSource: optional(opaque('A core/v1 VolumeSource that holds the data.')),
    image: optional(text(1024, 'Image that holds the data.')),
    imagePullSecrets: optional(pullSecrets),
  })
  .meta({ description: 'Where data comes from.' }) satisfies z.ZodType<DataSource>;

const dataDestination = z
  .strictObject({
    volumeSource: optional(opaque('A core/v1 VolumeSource that takes the data.')),
    image: optional(text(1024, 'Image to which the data is pushed.')),
    imagePushSecret: optional(objectName('Name of the Secret with which the image is pushed.')),
  })
  .meta({ description: 'Where the result goes.' }) satisfies z.ZodType<DataDestination>;

const adapter = z
  .strictObject({
    source: optional(dataSource.meta({ description: 'Where the adapter comes from: urls or an image.' })),
    strength: optional(
      z
        .string()
        .max(32)
        .regex(/^(0(\.[0-9]+)?|1(\.0+)?)$/)
        .meta({ description: 'How strongly the adapter acts: a decimal from "0" to "1", in quotes.', default: '1.0' }),
    ),
  })
  .meta({ description: 'A LoRA adapter laid over the model.' }) satisfies z.ZodType<Adapter>;

export const inference = z
  .strictObject({
    preset: optional(
      preset.meta({
        ...rules({ rule: 'self == oldSelf', message: 'inference.preset is immutable; create another Workspace' }),
      }),
    ),
    template: optional(opaque('A pod template (core/v1 PodTemplateSpec) run instead of a preset.')),
    config: optional(objectName('Name of a ConfigMap with the key inference_config.yaml.')),
    adapters: optional(z.array(adapter).max(10).meta({ description: 'LoRA adapters; at most ten.' })),
  })
  .meta({
    description: 'The model to serve: a preset, or a pod template of your own.',
    ...rules(
      {
        rule: 'has(self.preset) != has(self.template)',
        message: 'set exactly one of inference.preset and inference.template',
      },
      {
        rule: 'has(self.preset) == has(oldSelf.preset) && has(self.template) == has(oldSelf.template)',
        message: 'inference.preset and inference.template cannot be added or removed',
      },
    ),
  }) satisfies z.ZodType<InferenceSpec>;

export const tuning = z
  .strictObject({
    preset: optional(
      preset.meta({
        description: 'The model to tune.',
        ...rules({ rule: 'self == oldSelf', message: 'tuning.preset is immutable; create another Workspace' }),
      }),
    ),
    method: optional(
      text(16, 'lora or qlora.').meta({
        ...rules({
          rule: 'self.lowerAscii() == oldSelf.lowerAscii()',
          message: 'tuning.method is immutable; create another Workspace',
        }),
      }),
    ),
    config: optional(objectName('Name of a ConfigMap with the key training_config.yaml.')),
    input: optional(dataSource.meta({ description: 'The data to tune on.' })),
    output: optional(dataDestination.meta({ description: 'Where the adapter goes.' })),
  })
  .meta({ description: 'Tuning of a model.' }) satisfies z.ZodType<TuningSpec>;
