import { z } from 'zod';
import type { NodeClaim } from '../nodeclaim/node-claim.ts';
import { quantity, rules } from './fields.ts';
import { conditions, objectMeta } from './meta.ts';

const optional = z.exactOptional;

const text = (description: string): z.ZodString => z.string().meta({ description });

const taint = z
  .strictObject({
    key: text('Key of the taint.'),
    value: optional(text('Value of the taint.')),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .meta({ description: 'What the taint does to pods that do not tolerate it.' }),
    timeAdded: optional(z.string().meta({ description: 'When a NoExecute taint was added.', format: 'date-time' })),
  })
  .meta({ description: 'A taint of the node.' });

const duration = (description: string): z.ZodString =>
  z
    .string()
    .regex(/^(([0-9]+(s|m|h))+|Never)$/)
    .meta({ description });

const requirement = z
  .strictObject({
    key: z.string().max(316).meta({ description: 'Label key, e.g. node.kubernetes.io/instance-type.' }),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])
      .meta({ description: 'How the values are compared.' }),
    values: optional(z.array(z.string().max(63)).max(200).meta({ description: 'Values to compare with.' })),
    minValues: optional(
      z.int().min(1).max(50).meta({ description: 'How many different values must remain possible.' }),
    ),
  })
  .meta({ description: 'One requirement on the machine.' });

const spec = z
  .strictObject({
    nodeClassRef: z
      .strictObject({
        group: text("API group, kaito.sh for KAITO's own."),
        kind: text("Kind, KaitoNodeClass for KAITO's own."),
        name: text('Name of the node class.'),
      })
      .meta({ description: 'The node class: how the machine is set up in the cloud.' }),
    requirements: z.array(requirement).max(100).meta({ description: 'What the machine must be.' }),
    resources: optional(
      z
        .strictObject({
          requests: optional(
            z
              .record(z.string(), quantity('Amount.'))
              .meta({ description: 'Least amounts, e.g. storage: 120Gi for the OS disk and nvidia.com/gpu.' }),
          ),
        })
        .meta({ description: 'What the machine must have at least.' }),
    ),
    taints: optional(z.array(taint).meta({ description: 'Taints the node gets.' })),
    startupTaints: optional(
      z
        .array(taint)
        .meta({ description: 'Taints the node gets and that something else takes away before it is used.' }),
    ),
    expireAfter: optional(duration('Age at which the node is replaced; Never.')),
    terminationGracePeriod: optional(
      z
        .string()
        .regex(/^([0-9]+(s|m|h))+$/)
        .meta({ description: 'Longest time a drain may take.' }),
    ),
  })
  .meta({
    description: 'The machine that is wanted.',
    ...rules({ rule: 'self == oldSelf', message: 'spec is immutable' }),
  });

const status = z
  .strictObject({
    conditions: optional(conditions),
    providerID: optional(text("The machine's ID in the cloud.")),
    nodeName: optional(text('Name of the node.')),
    imageID: optional(text('The node image.')),
    capacity: optional(z.record(z.string(), quantity('Amount.')).meta({ description: 'What the machine has.' })),
    allocatable: optional(z.record(z.string(), quantity('Amount.')).meta({ description: 'What pods may use of it.' })),
    lastPodEventTime: optional(z.string().meta({ description: 'When a pod last came or went.', format: 'date-time' })),
  })
  .meta({ description: 'What became of it; written by controllers only.' });

/** karpenter.sh/v1 NodeClaim: one machine that is wanted. */
export const nodeClaimSchema = z
  .strictObject({
    apiVersion: z.literal('karpenter.sh/v1').meta({ description: 'karpenter.sh/v1.' }),
    kind: z.literal('NodeClaim').meta({ description: 'NodeClaim.' }),
    metadata: objectMeta,
    spec,
    status: optional(status),
  })
  .meta({ description: 'A NodeClaim asks for one machine.' }) satisfies z.ZodType<NodeClaim>;
