import { z } from 'zod';
import type { KaitoNodeClass } from '../nodeclass/node-class.ts';
import { conditions, objectMeta } from './meta.ts';

const optional = z.exactOptional;

const subnet = (whose: string): z.ZodString =>
  z
    .string()
    .max(512)
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/,
    )
    .meta({
      description: `Azure resource ID of the subnet of ${whose}: /subscriptions/…/virtualNetworks/…/subnets/…. Absent: the cluster's own.`,
    });

const spec = z
  .strictObject({
    tags: optional(
      z.record(z.string(), z.string().max(256)).meta({
        description: 'Azure tags put on the agent pool and its machines.',
        maxProperties: 50,
      }),
    ),
    vnetSubnetID: optional(subnet('the nodes')),
    podSubnetID: optional(subnet('the pods')),
    zones: optional(
      z
        .array(
          z
            .string()
            .regex(/^[1-9]$/)
            .meta({ description: 'Zone, e.g. "1".' }),
        )
        .min(1)
        .max(9)
        .meta({
          description: 'Availability zones the machines may be in. Absent: no zone is asked for.',
          'x-kubernetes-list-type': 'set',
        }),
    ),
    osSKU: optional(
      z.enum(['Ubuntu', 'AzureLinux']).meta({ description: 'Operating system of the nodes. Absent: Ubuntu.' }),
    ),
    osDisk: optional(
      z
        .strictObject({
          type: optional(
            z.enum(['Managed', 'Ephemeral']).meta({
              description:
                "Managed: a network disk. Ephemeral: the machine's own, faster, where it has one that is large enough.",
            }),
          ),
          sizeGiB: optional(
            z
              .int()
              .min(30)
              .max(2048)
              .meta({ description: 'Size in GiB. Absent: what the model needs.', format: 'int32' }),
          ),
        })
        .meta({ description: "The operating system's disk, on which images and weights land." }),
    ),
    maxPods: optional(
      z.int().min(10).max(250).meta({ description: "Pods per node at most. Absent: AKS's default.", format: 'int32' }),
    ),
    mode: optional(z.enum(['User', 'System']).meta({ description: 'Mode of the agent pool. Absent: User.' })),
    gpuDriver: optional(
      z.enum(['Install', 'None']).meta({
        description:
          'Install: AKS installs the NVIDIA driver. None: something in the cluster does, e.g. the GPU operator.',
      }),
    ),
    spot: optional(
      z
        .strictObject({
          maxPrice: optional(
            z
              .string()
              .max(16)
              .regex(/^(-1|(0|[1-9][0-9]*)(\.[0-9]{1,5})?)$/)
              .meta({
                description:
                  'US dollars per hour and machine at most, e.g. "1.25". Absent or "-1": up to the regular price.',
              }),
          ),
        })
        .meta({ description: 'Present: spot machines, which are cheap and may be taken away at any time.' }),
    ),
  })
  .meta({ description: "Properties of the agent pools; an absent one is AKS's default." });

/** kaito.sh/v1alpha1 KaitoNodeClass. Bounds are those of AKS agent pools: https://learn.microsoft.com/azure/aks/quotas-skus-regions. */
export const nodeClassSchema = z
  .strictObject({
    apiVersion: z.literal('kaito.sh/v1alpha1').meta({ description: 'kaito.sh/v1alpha1.' }),
    kind: z.literal('KaitoNodeClass').meta({ description: 'KaitoNodeClass.' }),
    metadata: objectMeta,
    spec: optional(spec),
    status: optional(
      z.strictObject({ conditions: optional(conditions) }).meta({ description: 'State; written by controllers only.' }),
    ),
  })
  .meta({
    description: 'A KaitoNodeClass says how rented machines are set up on AKS.',
  }) satisfies z.ZodType<KaitoNodeClass>;
