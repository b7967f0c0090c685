import type { PhaseName } from '@kaito/planner';
import type { Phase, RootCause } from '../assessment.ts';
import { formatSeconds } from '../measure.ts';
import { podsInWords } from './cluster/rollout.ts';
import { type Policy, type View, lookCloser } from './policy.ts';

const doing: Readonly<Record<PhaseName, string>> = {
  Validated: 'checking the Workspace',
  NodesReady: 'waiting for the machines',
  ImagePulled: 'pulling the image',
  WeightsReady: 'fetching the weights',
  ModelLoaded: 'loading the model',
  Serving: 'waiting for the first answer',
};

const codes: Readonly<Record<PhaseName, string>> = {
  Validated: 'Validating',
  NodesReady: 'WaitingForNodes',
  ImagePulled: 'PullingImage',
  WeightsReady: 'FetchingWeights',
  ModelLoaded: 'LoadingModel',
  Serving: 'WaitingForServer',
};

/** A phase counts as slow after three times what was expected, and never in the first half minute beyond it. */
export function isSlow(phase: Phase): boolean {
  const { seconds, expectedSeconds, state } = phase;
  if (state !== 'running' || seconds === undefined || expectedSeconds === undefined) return false;
  return seconds > slowAfterSeconds(expectedSeconds);
}

function slowAfterSeconds(expectedSeconds: number): number {
  return Math.max(3 * expectedSeconds, expectedSeconds + 30);
}

/** The phase that runs takes much longer than the Plan expected. */
export const slowerThanExpected: Policy = (view) => {
  if (view.plan.target === 'cluster') return slowInCluster(view);
  const phase = view.phases.find(isSlow);
  if (phase === undefined) return undefined;
  const detail = phase.name === 'WeightsReady' && phase.detail !== undefined ? ` (${phase.detail})` : '';
  return {
    code: 'SlowerThanExpected',
    message: `${doing[phase.name]} takes longer than expected: ${formatSeconds(phase.seconds ?? 0)} so far, about ${formatSeconds(phase.expectedSeconds ?? 0)} expected${detail}`,
    needs: 'time',
    remedy: lookCloser(view),
  };
};

/** The same for a cluster: its words stay as they are while time goes by, since each change of a status is a write. */
function slowInCluster(view: View): RootCause | undefined {
  const phase = view.phases.find(({ state }) => state === 'running');
  if (phase?.expectedSeconds === undefined || phase.expectedSeconds === 0) return undefined;
  if (!view.passed(phase.startedAt, slowAfterSeconds(phase.expectedSeconds))) return undefined;
  return {
    code: 'SlowerThanExpected',
    message: `${doing[phase.name]} takes longer than expected: since ${phase.startedAt}, about ${formatSeconds(phase.expectedSeconds)} expected${podsInWords(view)}`,
    needs: 'time',
    remedy: lookCloser(view),
  };
}

/** Nothing is wrong: the first phase that is not done is what is awaited. Always hits, so it stands last. */
export const waiting = (view: View): RootCause => {
  const phase = view.phases.find((candidate) => candidate.state !== 'done');
  if (phase === undefined) return { code: 'WaitingForServer', message: doing.Serving, needs: 'time' };
  if (view.plan.target === 'cluster') return awaited(view, phase);
  const detail = phase.detail === undefined ? '' : `: ${phase.detail}`;
  return { code: codes[phase.name], message: `${doing[phase.name]}${detail}`, needs: 'time' };
};

function awaited(view: View, phase: Phase): RootCause {
  const { workload, pods = [] } = view.evidence;
  const past = phase.name !== 'Validated' && phase.name !== 'NodesReady';
  if (past && workload === undefined)
    return { code: 'Deploying', message: 'the workload is being made', needs: 'time' };
  if (past && pods.length === 0) {
    return {
      code: 'WaitingForPods',
      message: `the pods of ${workload?.kind} ${workload?.name} are awaited`,
      needs: 'time',
    };
  }
  const detail = phase.detail === undefined ? '' : `: ${phase.detail}`;
  return { code: codes[phase.name], message: `${doing[phase.name]}${detail}${podsInWords(view)}`, needs: 'time' };
}
