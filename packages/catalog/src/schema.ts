import { z } from 'zod';
import { bitsPerElement } from './sizing/data-type.ts';

const text = z.string().min(1);
const count = z.int().min(1);
const amount = z.number().min(0).max(1e15);
const date = z.iso.date();

const dataType = text.refine((type) => bitsPerElement(type) !== undefined, { error: 'unknown data type' });

const provenance = z.strictObject({ source: text, asOf: date.optional() });

const license = z.strictObject({ name: text, url: z.url().optional(), gated: z.boolean() });

const architecture = z
  .strictObject({
    family: text,
    parameters: count,
    layers: count.max(10_000),
    hiddenSize: count,
    attentionHeads: count,
    kvHeads: count,
    headDimension: count,
    vocabularySize: count,
    contextLength: count,
    slidingWindow: count.optional(),
    slidingWindowLayers: z.int().min(0).optional(),
    feedForwardSize: count.optional(),
    mla: z.strictObject({ kvLoraRank: count, ropeHeadDimension: z.int().min(0) }).optional(),
  })
  .refine(({ kvHeads, attentionHeads }) => kvHeads <= attentionHeads, {
    error: 'more key/value heads than attention heads',
    path: ['kvHeads'],
  });

const source = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hub'),
    repository: z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'must be owner/name'),
    revision: text,
    file: text,
  }),
  z.strictObject({ type: z.literal('oci'), reference: text, file: text.optional() }),
  z.strictObject({ type: z.literal('https'), url: z.url({ protocol: /^https$/ }) }),
  z.strictObject({ type: z.literal('pip'), package: text, version: text, file: text }),
  z.strictObject({ type: z.literal('path'), path: text }),
]);

/** A DNS-1123 label, with dots allowed as preset names have them (`qwen2.5-7b-instruct`). */
const presetName = z
  .string()
  .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'must be lower-case letters, digits, dots and hyphens');

const modelCommon = {
  name: presetName,
  aliases: z.array(z.string().regex(/^[^A-Z\s]+$/, 'must be lower case')).optional(),
  family: text,
  title: text,
  license,
  architecture,
  provenance,
  apiFlavour: z.enum(['text-generation', 'llama-completion', 'llama-chat']),
  chat: z.boolean(),
};

const imagePreset = z
  .strictObject({
    kind: z.literal('image'),
    ...modelCommon,
    image: z.strictObject({ repository: text, tag: text }).optional(),
    access: z.enum(['public', 'private']),
    weightType: dataType,
    diskGiB: amount,
    gpuCount: count,
    gpuMemoryTotalGiB: amount,
    gpuMemoryPerGpuGiB: amount,
    readinessTimeoutMinutes: count,
    workload: z.enum(['Deployment', 'StatefulSet']),
    worldSize: z.int().min(0),
    launch: z.strictObject({
      workingDirectory: text.optional(),
      command: z.enum(['accelerate', 'torchrun']),
      launcherFlags: z.record(text, z.string()),
      script: text,
      modelFlags: z.record(text, z.string()),
    }),
    quantisedEquivalent: text.optional(),
  })
  .refine(({ access, image }) => access === 'private' || image !== undefined, {
    error: 'a public preset needs its image',
    path: ['image'],
  });

const quantisation = z.strictObject({
  name: dataType,
  bytes: count,
  bytesEstimated: z.boolean().optional(),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')
    .optional(),
  provenance: provenance.optional(),
  sources: z.array(source).min(1),
});

const ggufModel = z
  .strictObject({
    kind: z.literal('gguf'),
    ...modelCommon,
    quantisations: z.array(quantisation).min(1),
    defaultQuantisation: text,
  })
  .refine(({ quantisations, defaultQuantisation }) => quantisations.some(({ name }) => name === defaultQuantisation), {
    error: 'not one of the quantisations',
    path: ['defaultQuantisation'],
  })
  .refine(({ quantisations }) => new Set(quantisations.map(({ name }) => name)).size === quantisations.length, {
    error: 'two quantisations have the same name',
    path: ['quantisations'],
  });

/** A model entry, as in `Catalog.models`. Unknown fields are errors. */
export const modelSchema = z.discriminatedUnion('kind', [imagePreset, ggufModel]);

const price = z.strictObject({
  amount: z.number().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'),
  per: z.literal('hour'),
  region: text,
  provenance,
});

/** A machine type, as in `Catalog.machines`. */
export const machineSchema = z.strictObject({
  name: text,
  cloud: text,
  vcpus: count,
  memoryGiB: z.number().positive(),
  gpu: z
    .strictObject({
      model: text,
      count,
      memoryGiB: z.number().positive(),
      fraction: z.number().positive().max(1).optional(),
      computeCapability: z
        .string()
        .regex(/^\d+\.\d+$/, 'must be like 7.5')
        .optional(),
    })
    .optional(),
  nvmeGiB: amount,
  retirement: z.strictObject({ date, successor: text.optional() }).optional(),
  price: price.optional(),
  provenance,
});

/** The price of a machine type that the catalog has already. */
export const priceSchema = z.strictObject({ machine: text, ...price.shape });

/** A catalog file: any of the three lists. */
export const extensionSchema = z.strictObject({
  models: z.array(modelSchema).optional(),
  machines: z.array(machineSchema).optional(),
  prices: z.array(priceSchema).optional(),
});
