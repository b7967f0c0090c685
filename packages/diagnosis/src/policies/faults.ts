import type { PhaseName } from '@kaito/planner';
import type { RootCause } from '../assessment.ts';
import type { Fault } from '../evidence.ts';
import { type Policy, type View, kaito, lookCloser } from './policy.ts';

function fromFault(view: View, fault: Fault, remedy: string): RootCause {
  const advice = fault.remedy ?? remedy;
  if (fault.kind === 'terminal') return { code: fault.code, message: fault.message, needs: 'person', remedy: advice };
  return {
    code: fault.code,
    message: `${fault.message}; it is tried again`,
    needs: 'time',
    remedy: fault.remedy ?? `follow it: ${kaito(view, 'get', '--watch')}`,
  };
}

function faultIn(view: View, phase: PhaseName): Fault | undefined {
  return view.evidence.phases.find((seen) => seen.phase === phase)?.fault;
}

/** The weights cannot be had, or are not what was asked for. */
export const weightsFault: Policy = (view) => {
  const fault = faultIn(view, 'WeightsReady');
  return fault && fromFault(view, fault, `mend the source of the weights, then: kaito up -f <manifest>`);
};

/** The port that was asked for belongs to another program. */
export const portInUse: Policy = (view) => {
  const fault = view.evidence.phases.find((seen) => seen.fault?.code === 'PortInUse')?.fault;
  return fault && fromFault(view, fault, 'ask for another port: kaito up -f <manifest> --port 0');
};

/** A fault in any other phase, the earliest phase first. */
export const otherFault: Policy = (view) => {
  for (const phase of view.phases) {
    const fault = faultIn(view, phase.name);
    if (fault !== undefined) return fromFault(view, fault, lookCloser(view));
  }
  return undefined;
};
