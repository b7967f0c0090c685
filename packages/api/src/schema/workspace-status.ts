import { z } from 'zod';
import type {
  WorkspaceNodeClaim,
  WorkspacePhase,
  WorkspacePlanSummary,
  WorkspaceRootCause,
  WorkspaceStatus,
} from '../workspace.ts';
import { conditions } from './meta.ts';

const optional = z.exactOptional;
const word = (description: string) => z.string().meta({ description });
const time = (description: string) => z.string().meta({ description, format: 'date-time' });
const count = (description: string) => z.int().min(0).meta({ description, format: 'int32' });

const rootCause = z
  .strictObject({
    code: word('One word for programs, e.g. ImagePullUnauthorized.'),
    message: word('What is in the way, in one sentence.'),
    needs: z.enum(['person', 'time']).meta({ description: 'Who moves next.' }),
    remedy: optional(word('What mends it, with the command to type.')),
  })
  .meta({
    description: 'The one cause to look at first; absent exactly when the Workspace is Ready.',
  }) satisfies z.ZodType<WorkspaceRootCause>;

const phase = z
  .strictObject({
    name: word('Validated, NodesReady, ImagePulled, WeightsReady, ModelLoaded or Serving.'),
    state: z.enum(['waiting', 'running', 'done', 'failed']).meta({ description: 'How far it is.' }),
    startedAt: optional(time('When it began.')),
    endedAt: optional(time('When it was done.')),
    expectedSeconds: optional(count('Seconds that the Plan expects it to take.')),
    detail: optional(word('What it does at the moment.')),
  })
  .meta({ description: 'One stage.' }) satisfies z.ZodType<WorkspacePhase>;

const plan = z
  .strictObject({
    revision: word('The ControllerRevision that holds the whole Plan.'),
    model: optional(word('The model.')),
    image: optional(word('The image that is run.')),
    replicas: optional(count('Servers.')),
    gpusPerPod: optional(count('GPUs of each pod.')),
    contextLength: optional(count('Tokens per request, prompt and answer together.')),
    machines: optional(count('Machines to rent; 0 where only existing nodes are used.')),
    price: optional(word('Price of the rented machines, e.g. 3.06 USD/h.')),
  })
  .meta({ description: 'What was decided, in short.' }) satisfies z.ZodType<WorkspacePlanSummary>;

const nodeClaim = z
  .strictObject({
    ordinal: count('Which of the machines, from 0.'),
    attempt: count('How often this machine was given up and asked for anew.'),
    name: word('Name of the NodeClaim.'),
  })
  .meta({ description: 'One machine.' }) satisfies z.ZodType<WorkspaceNodeClaim>;

/** What is true of a Workspace, as its controllers have seen it. */
export const workspaceStatus = z
  .strictObject({
    rootCause: optional(rootCause),
    phases: optional(
      z.array(phase).meta({
        description: 'The stages on the way to Ready, in their order.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    ),
    plan: optional(plan),
    nodeClaims: optional(
      z.array(nodeClaim).meta({
        description: 'The machines that were asked for.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['ordinal'],
      }),
    ),
    endpoint: optional(z.string().meta({ description: 'Base URL inside the cluster, while Ready.' })),
    workerNodes: optional(z.array(z.string()).meta({ description: 'Names of the nodes in use, sorted.' })),
    conditions: optional(conditions),
    state: optional(
      z
        .enum(['Pending', 'Ready', 'NotReady', 'Running', 'Succeeded', 'Failed'])
        .meta({ description: 'The state in one word.' }),
    ),
    targetNodeCount: optional(z.int().min(0).meta({ description: 'Nodes the model needs.', format: 'int32' })),
    observedGeneration: optional(
      z.int().min(0).meta({ description: 'Generation this status speaks of.', format: 'int64' }),
    ),
    performance: optional(
      z
        .strictObject({
          metrics: optional(
            z
              .record(
                z.string(),
                z
                  .strictObject({
                    description: z.string().meta({ description: 'What was measured.' }),
                    value: z.string().meta({ description: 'The figure.' }),
                    unit: optional(z.string().meta({ description: 'Its unit.' })),
                    config: optional(z.record(z.string(), z.string()).meta({ description: 'How it was measured.' })),
                  })
                  .meta({ description: 'One figure.' }),
              )
              .meta({ description: 'Figures by name.' }),
          ),
        })
        .meta({ description: 'What was measured of the running model.' }),
    ),
  })
  .meta({
    description: 'What the system has seen and done; written by controllers only.',
  }) satisfies z.ZodType<WorkspaceStatus>;
