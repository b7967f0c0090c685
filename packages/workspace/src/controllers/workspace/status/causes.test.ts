import type { Evidence } from '@kaito/diagnosis';
import { describe, expect, test } from 'vitest';
import { gather, type Sighting } from './gather.ts';
import { statusOf } from './status-of.ts';
import { cachesOf } from './testing/caches.ts';
import { type Case, pulls, ready } from './testing/causes/case.ts';
import { containers } from './testing/causes/containers.ts';
import { images } from './testing/causes/images.ts';
import { machines } from './testing/causes/machines.ts';
import { placement } from './testing/causes/placement.ts';
import { workload } from './testing/causes/workload.ts';
import { acrImage, aPlan, aWorkspace, now } from './testing/objects.ts';

const cases = [...machines, ...placement, ...images, ...containers, ...workload];
const [refusedPull] = images;

function evidenceOf({ world, seen }: Case): { readonly sighting: Sighting; readonly evidence: Evidence } {
  const sighting = { workspace: aWorkspace(), plan: aPlan(), nodes: ready, caches: cachesOf(world), ...seen };
  if (sighting.workspace.metadata.deletionTimestamp !== undefined) delete (sighting as { nodes?: unknown }).nodes;
  return { sighting, evidence: gather(sighting) };
}

describe('the root cause of', () => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    const { sighting, evidence } = evidenceOf(one);
    const { workspace, plan } = sighting;
    const { status } = statusOf({ workspace, plan, evidence, now });
    expect(status.rootCause).toMatchObject({ code: one.code, needs: one.needs });
    if (one.message !== undefined) expect(status.rootCause?.message).toMatch(one.message);
    if (one.remedy !== undefined) expect(status.rootCause?.remedy).toContain(one.remedy);
    expect(status.rootCause!.message.length).toBeLessThanOrEqual(256);
    if (one.needs === 'person') expect(status.rootCause?.remedy).toBeTruthy();
    const inference = status.conditions?.find(({ type }) => type === 'InferenceReady');
    if (one.reason !== undefined) expect(inference?.reason).toBe(one.reason);
    expect(inference?.message).toContain(status.rootCause?.remedy ?? '');
    expect(inference?.observedGeneration).toBe(1);
    expect(status.state).toBe('Pending');
  });

  test.each(cases.map((one) => [one.name, one] as const))('%s is told in the same words later on', (_, one) => {
    const { sighting, evidence } = evidenceOf(one);
    const { workspace, plan } = sighting;
    const { status, lookAgainAfterMs = 86_400_000 } = statusOf({ workspace, plan, evidence, now });
    for (const later of [1, 0.5, 0.99]) {
      const then = new Date(now.getTime() + Math.max(0, lookAgainAfterMs * later - (later === 1 ? 1 : 0)));
      expect(statusOf({ workspace: { ...workspace, status }, plan, evidence, now: then }).status).toEqual(status);
    }
  });
});

test('what the API server refuses comes before the pods, and is passed on', () => {
  const fault = {
    code: 'MissingRight',
    message: 'cannot create Service demo',
    kind: 'terminal',
    remedy: 'give the right',
  } as const;
  const one = { ...refusedPull!, seen: { faults: [fault] } };
  const { evidence } = evidenceOf(one);
  expect(statusOf({ workspace: aWorkspace(), plan: aPlan(), evidence, now }).status.rootCause).toEqual({
    code: 'MissingRight',
    message: 'cannot create Service demo',
    needs: 'person',
    remedy: 'give the right',
  });
});

test('a kubelet that does not repeat why keeps what was said before', () => {
  const refused = evidenceOf(refusedPull!);
  const { status } = statusOf({ workspace: aWorkspace(), plan: aPlan(), evidence: refused.evidence, now });
  const silent = evidenceOf({
    ...refusedPull!,
    world: pulls('ImagePullBackOff', `Back-off pulling image "${acrImage}"`),
  });
  const workspace = aWorkspace({ status });
  expect(statusOf({ workspace, plan: aPlan(), evidence: silent.evidence, now }).status.rootCause).toEqual(
    status.rootCause,
  );
});
