import { z } from 'zod';
import { workspaceVersions } from '../workspace.ts';
import type { ResourceSpec, Workspace } from '../workspace.ts';
import { rules, text } from './fields.ts';
import { labelSelector, objectMeta } from './meta.ts';
import { inference, tuning } from './model.ts';
import { workspaceStatus } from './workspace-status.ts';

const optional = z.exactOptional;

/** Every label of `from`, in either form, is in `to` with the same value. */
function covers(from: string, to: string): string {
  const holds = (key: string, value: string): string =>
    `(has(${to}.matchLabels) && ${key} in ${to}.matchLabels && ${to}.matchLabels[${key}] == ${value}) || ` +
    `(has(${to}.matchExpressions) && ${to}.matchExpressions.exists(o, o.key == ${key} && has(o.values) && o.values == [${value}]))`;
  return (
    `(!has(${from}.matchLabels) || ${from}.matchLabels.all(k, ${holds('k', `${from}.matchLabels[k]`)})) && ` +
    `(!has(${from}.matchExpressions) || ${from}.matchExpressions.all(e, has(e.values) && e.values.size() == 1 && (${holds('e.key', 'e.values[0]')})))`
  );
}

const selectorMessage = 'resource.labelSelector is immutable (an equivalent form is allowed); create another Workspace';

const resource = z
  .strictObject({
    count: optional(
      z
        .int()
        .min(1)
        .max(1000)
        .meta({
          description:
            'Machines wanted. Each machine runs one server, except where a preset spreads one model over several.',
          default: 1,
          format: 'int32',
          ...rules({ rule: 'self == oldSelf', message: 'resource.count is immutable; create another Workspace' }),
        }),
    ),
    instanceType: optional(
      text(
        128,
        'Machine type to rent, e.g. Standard_NC24ads_A100_v4; `kaito machines` lists them. Empty: use existing nodes only, rent nothing.',
      ),
    ),
    labelSelector: labelSelector.meta({
      ...rules(
        { rule: `self == oldSelf || (${covers('self', 'oldSelf')})`, message: selectorMessage },
        { rule: `self == oldSelf || (${covers('oldSelf', 'self')})`, message: selectorMessage },
      ),
    }),
    preferredNodes: optional(
      z.array(text(253, 'Node name.')).max(1000).meta({ description: 'Names of existing nodes to use before others.' }),
    ),
    partition: optional(
      z
        .strictObject({
          mode: z
            .enum(['mig', 'accelerator'])
            .meta({ description: "mig: a slice of one GPU; accelerator: some of a machine's GPUs." }),
          profile: optional(text(32, 'MIG profile, e.g. 3g.40gb; with mode mig.')),
          count: optional(
            z.int().min(1).max(64).meta({ description: 'GPUs; with mode accelerator.', format: 'int32' }),
          ),
        })
        .meta({ description: "A part of a machine's GPUs." }),
    ),
  })
  .meta({
    description: 'Which machines the model runs on, and how many.',
    ...rules(
      {
        rule: 'has(self.partition) == has(oldSelf.partition) && (!has(self.partition) || self.partition == oldSelf.partition)',
        message: 'resource.partition is immutable; create another Workspace',
      },
      {
        rule: '(has(self.instanceType) ? self.instanceType : "") in ["", has(oldSelf.instanceType) ? oldSelf.instanceType : ""]',
        message: 'resource.instanceType is immutable; create another Workspace',
      },
    ),
  }) satisfies z.ZodType<ResourceSpec>;

/** The superset of v1alpha1 and v1beta1: every field of KAITO v0.2 and v0.12. */
export const workspaceSchema = z
  .strictObject({
    apiVersion: z.enum(workspaceVersions).meta({ description: 'kaito.sh/v1beta1, or kaito.sh/v1alpha1.' }),
    kind: z.literal('Workspace').meta({ description: 'Workspace.' }),
    metadata: objectMeta,
    resource: optional(resource),
    inference: optional(inference),
    tuning: optional(tuning),
    status: optional(workspaceStatus),
  })
  .meta({
    description:
      'A Workspace is a model on a kind of machine: the system finds or rents the machines, runs the model there and serves it.',
    ...rules(
      { rule: 'has(self.inference) != has(self.tuning)', message: 'set exactly one of inference and tuning' },
      {
        rule: 'has(self.inference) == has(oldSelf.inference) && has(self.tuning) == has(oldSelf.tuning)',
        message: 'inference and tuning cannot be added or removed',
      },
      { rule: 'has(self.resource) == has(oldSelf.resource)', message: 'resource cannot be added or removed' },
    ),
  }) satisfies z.ZodType<Workspace>;
