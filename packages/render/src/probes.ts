import type { Decided } from './decided.ts';

/** The port that every model's server listens on in its pod, and where it says how it is (KAITO v0.2). */
export const servingPort = 5000;
const healthPath = '/healthz';

/** The shortest time that a model is given to load, seconds: KAITO v0.2's longest. */
const shortestBudget = 1_800;
/** Seconds between two looks: what a loaded model may wait for its first request. */
const startupPeriod = 1;

/** Seconds that the model may take to load: three times the Plan's estimate, never less than half an hour. */
export function startupBudget({ phases }: Decided): number {
  const expected = phases.find(({ phase }) => phase === 'ModelLoaded')?.seconds ?? 0;
  return Math.max(shortestBudget, 3 * expected);
}

/**
 * Probes of a model's container. KAITO v0.2 waits a fixed 600 s before liveness and 30 s before readiness; a startup probe in their place
 * lets a small model serve at once and a large one take its time. Liveness is patient, because a server under load answers late.
 */
export function probes(plan: Decided): Record<string, unknown> {
  const probe = { httpGet: { path: healthPath, port: servingPort, scheme: 'HTTP' } };
  return {
    startupProbe: {
      ...probe,
      timeoutSeconds: 5,
      periodSeconds: startupPeriod,
      successThreshold: 1,
      failureThreshold: Math.ceil(startupBudget(plan) / startupPeriod),
    },
    livenessProbe: { ...probe, timeoutSeconds: 10, periodSeconds: 10, successThreshold: 1, failureThreshold: 6 },
    readinessProbe: { ...probe, timeoutSeconds: 5, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
  };
}
