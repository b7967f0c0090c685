import { z } from 'zod';
import type { Condition, LabelSelector, ObjectMeta } from '../workspace.ts';

const optional = z.exactOptional;

/** `metav1.ObjectMeta`: the fields a person may write and those the API server adds. */
export const objectMeta = z
  .strictObject({
    name: optional(z.string().meta({ description: 'Name, unique in the namespace.' })),
    generateName: optional(z.string().meta({ description: 'Prefix from which the API server makes a name.' })),
    namespace: optional(z.string().meta({ description: 'Namespace the object lives in.' })),
    labels: optional(z.record(z.string(), z.string()).meta({ description: 'Labels of the object.' })),
    annotations: optional(
      z
        .record(z.string(), z.string())
        .meta({ description: 'Annotations of the object; those of kaito.sh are checked.' }),
    ),
    finalizers: optional(z.array(z.string()).meta({ description: 'What must happen before the object goes.' })),
    uid: optional(z.string().meta({ description: 'Set by the API server.' })),
    generation: optional(z.int().meta({ description: 'Set by the API server.' })),
    resourceVersion: optional(z.string().meta({ description: 'Set by the API server.' })),
    selfLink: optional(z.string().meta({ description: 'Set by old API servers.' })),
    creationTimestamp: optional(z.string().meta({ description: 'Set by the API server.' })),
    deletionTimestamp: optional(z.string().meta({ description: 'Set by the API server.' })),
    deletionGracePeriodSeconds: optional(z.int().meta({ description: 'Set by the API server.' })),
    ownerReferences: optional(z.array(z.looseObject({})).meta({ description: 'Objects that own this one.' })),
    managedFields: optional(z.array(z.looseObject({})).meta({ description: 'Set by the API server.' })),
  })
  .meta({ description: 'Name, namespace, labels and annotations.' }) satisfies z.ZodType<ObjectMeta>;

export const labelSelector = z
  .strictObject({
    matchLabels: optional(
      z.record(z.string(), z.string().max(63)).meta({
        description: 'Labels that every machine must carry; machines that are provisioned get them.',
        maxProperties: 32,
      }),
    ),
    matchExpressions: optional(
      z
        .array(
          z
            .strictObject({
              key: z.string().max(317).meta({ description: 'Label key.' }),
              operator: z
                .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
                .meta({ description: 'Only In with a single value can be honoured.' }),
              values: optional(z.array(z.string().max(63)).max(32).meta({ description: 'Exactly one value.' })),
            })
            .meta({ description: 'One requirement.' }),
        )
        .max(32)
        .meta({ description: 'The same as matchLabels in the longer form; only operator In with a single value.' }),
    ),
  })
  .meta({
    description: 'Labels of the machines the model runs on.',
    'x-kubernetes-map-type': 'atomic',
  }) satisfies z.ZodType<LabelSelector>;

export const conditions = z
  .array(
    z
      .strictObject({
        type: z.string().max(316).meta({ description: 'What is judged, e.g. ResourceReady.' }),
        status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'The judgement.' }),
        reason: z
          .string()
          .min(1)
          .max(1024)
          .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
          .meta({ description: 'Why, as one word for programs.' }),
        message: z.string().max(32_768).meta({ description: 'Why, and what to do, for people.' }),
        lastTransitionTime: z.string().meta({ description: 'When status last changed.', format: 'date-time' }),
        observedGeneration: optional(z.int().min(0).meta({ description: 'Generation of the object that was judged.' })),
      })
      .meta({ description: 'One aspect of the state.' }),
  )
  .meta({
    description: 'What is true of the object at the moment, and why.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  }) satisfies z.ZodType<Condition[]>;
