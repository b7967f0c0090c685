import type { Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';

/** A Workspace for tests. */
export function aWorkspace(name = 'demo'): Workspace {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name },
    resource: { labelSelector: {} },
    inference: { preset: { name: 'smollm2-135m-instruct' } },
  };
}

/** An admitted local Plan whose server answers with its prompt (the echo engine), so that it needs no weights. */
export function anEchoPlan(
  change: Partial<Plan> & { readonly name?: string; readonly flags?: readonly string[] } = {},
): Plan {
  const { name = 'demo', flags = [], ...rest } = change;
  return {
    workspace: { name, namespace: 'default' },
    target: 'local',
    admitted: true,
    findings: [],
    model: {
      name: 'echo',
      kind: 'gguf',
      title: 'Echo',
      license: { name: 'MIT', gated: false },
      weightType: 'float32',
    },
    runtime: {
      kind: 'server',
      apiFlavour: 'text-generation',
      imagePullSecrets: [],
      argv: ['--engine', 'echo', '--api', 'text-generation', ...flags],
      environment: {},
      adapters: [],
    },
    alternatives: [],
    phases: [
      { phase: 'Validated', seconds: 0, basis: 'at once' },
      { phase: 'WeightsReady', seconds: 1, basis: 'nothing to fetch' },
      { phase: 'ModelLoaded', seconds: 5, basis: 'the start of a process' },
      { phase: 'Serving', seconds: 1, basis: 'the first answer' },
    ],
    decisions: [],
    inputsHash: 'a'.repeat(64),
    ...rest,
  };
}
