import type { Workspace } from '@kaito/api';
import type { Plan } from '@kaito/planner';
import type { Evidence, PhaseEvidence, ProcessEvidence } from '../evidence.ts';

/** The moment at which tests look. */
export const now = new Date('2024-03-01T12:00:00.500Z');

/** RFC 3339 time so many seconds before `now`. */
export function ago(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString();
}

export function aWorkspace(change: Partial<Workspace> = {}): Workspace {
  return {
    apiVersion: 'kaito.sh/v1beta1',
    kind: 'Workspace',
    metadata: { name: 'demo', namespace: 'team', generation: 3 },
    ...change,
  };
}

export function aPlan(change: Partial<Plan> = {}): Plan {
  return {
    workspace: { name: 'demo', namespace: 'team' },
    target: 'local',
    admitted: true,
    findings: [],
    alternatives: [],
    phases: [
      { phase: 'Validated', seconds: 0, basis: 'arithmetic' },
      { phase: 'WeightsReady', seconds: 10, basis: 'a download' },
      { phase: 'ModelLoaded', seconds: 4, basis: 'a read from disk' },
      { phase: 'Serving', seconds: 1, basis: 'the first answer' },
    ],
    decisions: [],
    inputsHash: '0'.repeat(64),
    ...change,
  };
}

export const fetching: PhaseEvidence = {
  phase: 'WeightsReady',
  startedAt: ago(4),
  progress: { doneBytes: 44_262_400, totalBytes: 98_362_432, bytesPerSecond: 12_582_912 },
};
export const fetched: PhaseEvidence = { phase: 'WeightsReady', startedAt: ago(20), endedAt: ago(12) };
export const loading: PhaseEvidence = { phase: 'ModelLoaded', startedAt: ago(3) };
export const loaded: PhaseEvidence = { phase: 'ModelLoaded', startedAt: ago(12), endedAt: ago(10) };
export const served: PhaseEvidence = { phase: 'Serving', startedAt: ago(10), endedAt: ago(10) };

export const readyProcess: ProcessEvidence = {
  pid: 42,
  startedAt: ago(12),
  readiness: 'ready',
  endpoint: 'http://127.0.0.1:5000',
  restarts: 0,
};

export const servingEvidence: Evidence = { phases: [fetched, loaded, served], process: readyProcess };
