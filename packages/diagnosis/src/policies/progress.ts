import type { PhaseName } from '@kaito/planner';
import type { Phase } from '../assessment.ts';
import { formatSeconds } from '../measure.ts';
import { type Policy, lookCloser } from './policy.ts';

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
  return seconds > Math.max(3 * expectedSeconds, expectedSeconds + 30);
}

/** The phase that runs takes much longer than the Plan expected. */
export const slowerThanExpected: Policy = (view) => {
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

/** Nothing is wrong: the first phase that is not done is what is awaited. Always hits, so it stands last. */
export const waiting = (view: Parameters<Policy>[0]): NonNullable<ReturnType<Policy>> => {
  const phase = view.phases.find((candidate) => candidate.state !== 'done');
  if (phase === undefined) return { code: 'WaitingForServer', message: doing.Serving, needs: 'time' };
  const detail = phase.detail === undefined ? '' : `: ${phase.detail}`;
  return { code: codes[phase.name], message: `${doing[phase.name]}${detail}`, needs: 'time' };
};
