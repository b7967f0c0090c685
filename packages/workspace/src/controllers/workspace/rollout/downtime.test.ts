import { expect, test } from 'vitest';
import type { Workspace } from '@kaito/api';
import { render } from '@kaito/render';
import type { Live } from '../../../cache/caches.ts';
import { options, planOf, workspace } from '../nodes/testing/world.ts';
import type { Decided } from '../plan/revisions.ts';
import { downtimeSeconds } from './downtime.ts';

function decided(one: Live<Workspace>): Decided {
  const plan = planOf(one);
  return { fields: '', plan, rendered: render(plan, one, { serverImage: options.serverImage }) };
}

const phi = decided(workspace('phi'));
const secondsOf = (...names: readonly string[]): number =>
  phi.plan.phases.filter(({ phase }) => names.includes(phase)).reduce((sum, { seconds }) => sum + seconds!, 0);

function withImage({ plan, rendered, fields }: Decided, image: string): Decided {
  const workload = JSON.parse(
    JSON.stringify(rendered.workload).replaceAll(plan.runtime!.image!, image),
  ) as Decided['rendered']['workload'];
  return { fields, plan: { ...plan, runtime: { ...plan.runtime!, image } }, rendered: { ...rendered, workload } };
}

test('another image is pulled, and the model loaded', () => {
  const seconds = downtimeSeconds(phi, withImage(phi, 'registry.example/phi:2'));
  expect(seconds).toBe(secondsOf('ImagePulled', 'WeightsReady', 'ModelLoaded'));
  expect(seconds).toBeGreaterThan(0);
});

test('the same image is not pulled again', () => {
  const { workload } = phi.rendered;
  const template = { ...(workload.spec['template'] as object), metadata: { labels: { another: 'label' } } };
  const after = {
    ...phi,
    rendered: { ...phi.rendered, workload: { ...workload, spec: { ...workload.spec, template } } },
  };
  expect(downtimeSeconds(phi, after)).toBe(secondsOf('WeightsReady', 'ModelLoaded'));
});

test('pods that stay as they are cost nothing', () => {
  const { services, workload } = phi.rendered;
  const other = services.map((service) => ({ ...service, spec: { ...service.spec, type: 'LoadBalancer' } }));
  expect(downtimeSeconds(phi, { ...phi, rendered: { services: other, workload } })).toBe(0);
});

test('nothing is said where a Plan does not know', () => {
  const unknown = withImage(phi, 'registry.example/phi:2');
  const phases = unknown.plan.phases.map(({ phase, basis }) => ({ phase, basis }));
  expect(downtimeSeconds(phi, { ...unknown, plan: { ...unknown.plan, phases } })).toBeUndefined();
});
