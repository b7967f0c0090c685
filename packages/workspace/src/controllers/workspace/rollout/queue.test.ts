import {
  type Condition,
  revisionAnnotation,
  updateAnnotation,
  updateWindowAnnotation,
  type Workspace,
} from '@kaito/api';
import { controllerReference } from '@kaito/kube';
import type { ControllerRevision, Deployment } from 'kubernetes-types/apps/v1.js';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Live } from '../../../cache/caches.ts';
import { madeFor, workspace, World } from '../nodes/testing/world.ts';
import { UpdateQueue } from './queue.ts';

let world: World;
let updates: UpdateQueue;

beforeEach(() => {
  world = new World();
  updates = new UpdateQueue(world.deps);
});

const condition = (type: string, status: 'True' | 'False'): Condition => ({
  type,
  status,
  reason: type,
  message: type,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

interface Held {
  readonly annotations?: Record<string, string>;
  readonly told?: boolean;
  readonly ready?: boolean;
  readonly createdAt?: string;
}

async function held(name: string, { annotations = {}, told = true, ready = true, createdAt }: Held = {}) {
  const one = workspace(name, createdAt === undefined ? {} : { createdAt });
  return await world.put(world.caches.workspaces, {
    ...one,
    metadata: { ...one.metadata, annotations },
    status: {
      conditions: [
        condition('WorkspaceReady', ready ? 'True' : 'False'),
        ...(told ? [condition('UpdateAvailable', 'True')] : []),
      ],
    },
  });
}

const window = (text: string) => ({ [updateWindowAnnotation]: text });
const now = { [updateAnnotation]: 'now' };

/** A Workspace whose second revision came to count `ago` seconds before now; `seen`: what its Deployment says. */
async function updated(name: string, seen: Live<Deployment>['status'] | undefined, ago = 60): Promise<Live<Workspace>> {
  const one = await held(name, { told: false });
  const owned = { namespace: 'team', labels: madeFor(one), ownerReferences: [controllerReference(one)] };
  await world.put(world.caches.revisions, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      ...owned,
      name: `${name}-2`,
      annotations: { 'kaito.sh/pinned-at': new Date(world.clock.now().getTime() - ago * 1000).toISOString() },
    },
    revision: 2,
  } as Live<ControllerRevision>);
  if (seen !== undefined) {
    await world.put(world.caches.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...owned, name, generation: 2, annotations: { [revisionAnnotation]: `${name}-2` } },
      status: { observedGeneration: 2, ...seen },
    } as Live<Deployment>);
  }
  return one;
}

const progressing = (status: string, reason: string) => ({ conditions: [{ type: 'Progressing', status, reason }] });
const complete = { replicas: 1, updatedReplicas: 1, readyReplicas: 1 };

describe('the word of the person', () => {
  test('is waited for, and the command for it named', async () => {
    expect(updates.turnOf(await held('a'), 'a-12345678')).toEqual({
      go: false,
      waitsFor: 'your word: kubectl annotate workspace a -n team --overwrite kaito.sh/update=a-12345678',
    });
  });

  test.each([
    ['now', true],
    ['a-12345678', true],
    ['a-87654321', false],
  ])('%s lets a-12345678 through: %s', async (word, go) => {
    const one = await held('a', { annotations: { [updateAnnotation]: word } });
    expect(updates.turnOf(one, 'a-12345678').go).toBe(go);
  });

  test('lets nothing through of which they were not told', async () => {
    const one = await held('a', { annotations: now, told: false });
    expect(updates.turnOf(one, 'a-12345678')).toMatchObject({ go: false, waitsFor: /its turn/ });
  });
});

describe('the window', () => {
  test('that is open lets a Workspace through that is Ready', async () => {
    expect(updates.turnOf(await held('a', { annotations: window('0 0 * * * 1h') }), 'r')).toEqual({ go: true });
    expect(updates.turnOf(await held('b', { annotations: window('0 0 * * * 1h'), ready: false }), 'r')).toMatchObject({
      go: false,
      waitsFor: expect.stringContaining('to be Ready again') as string,
    });
  });

  test('that is closed is named, and waited for', async () => {
    expect(updates.turnOf(await held('a', { annotations: window('0 2 * * * 1h') }), 'r')).toMatchObject({
      go: false,
      waitsFor: expect.stringContaining('its window, which opens at 2026-01-01T02:00Z, or your word: ') as string,
      lookAgainAfterMs: 7_200_000,
    });
  });

  test("of the operator holds for those that name none, and the Workspace's own goes before it", async () => {
    world.options = { ...world.options, updateWindow: '0 0 * * * 1h' };
    updates = new UpdateQueue(world.deps);
    expect(updates.turnOf(await held('a'), 'r').go).toBe(true);
    expect(updates.turnOf(await held('a', { annotations: window('0 2 * * * 1h') }), 'r').go).toBe(false);
  });

  test('that cannot be read, or never opens, is told', async () => {
    expect(updates.turnOf(await held('a', { annotations: window('whenever') }), 'r')).toMatchObject({
      waitsFor: expect.stringMatching(
        /^a readable kaito.sh\/update-window \("whenever" .*\), or your word: /,
      ) as string,
    });
    expect(updates.turnOf(await held('a', { annotations: window('0 0 31 2 * 1h') }), 'r')).toMatchObject({
      waitsFor: expect.stringMatching(/^a window that never opens, or your word: /) as string,
    });
  });
});

describe('one at a time', () => {
  test('the oldest first', async () => {
    const young = await held('a', { annotations: now, createdAt: '2026-01-02T00:00:00Z' });
    const old = await held('b', { annotations: now, createdAt: '2026-01-01T00:00:00Z' });
    expect([young, old].map((one) => updates.turnOf(one, 'r').go)).toEqual([false, true]);
  });

  test.each([
    ['is not written yet', undefined, false],
    ['has a pod that is not ready', { replicas: 1, updatedReplicas: 1 }, false],
    ['has an old pod left', { ...complete, replicas: 2 }, false],
    ['has not been seen by the controller-manager', { ...complete, observedGeneration: 1 }, false],
    ['is complete', complete, true],
    ['was complete, and lost its pod', { replicas: 1, ...progressing('True', 'NewReplicaSetAvailable') }, true],
  ])('while the one before %s: %j', async (_, seen, go) => {
    await updated('before', seen);
    expect(updates.turnOf(await held('a', { annotations: now }), 'r').go).toBe(go);
  });

  test.each([
    ['whose deadline is over', progressing('False', 'ProgressDeadlineExceeded'), 60],
    ['that did not come in an hour', undefined, 3601],
  ])('after one that failed, %s, only by the word', async (_, seen, ago) => {
    await updated('before', seen, ago);
    const byWindow = await held('a', { annotations: window('0 0 * * * 1h') });
    expect(updates.turnOf(byWindow, 'r')).toMatchObject({
      go: false,
      waitsFor: expect.stringContaining('another Workspace, whose update failed, to be mended') as string,
    });
    expect(updates.turnOf(await held('a', { annotations: now }), 'r').go).toBe(true);
  });

  test('none begins until the one that was let through is in the cache', async () => {
    const [a, b] = [await held('a', { annotations: now }), await held('b', { annotations: now })];
    await updates.begin(a, async () => {
      await held('a', { annotations: now, told: false });
      expect(updates.turnOf(b, 'r').go).toBe(false);
    });
    expect(updates.turnOf(b, 'r').go).toBe(true);
  });

  test('the next is named when a rollout is over, and when its Workspace is gone', async () => {
    const before = await updated('before', undefined);
    await held('a', { annotations: now });
    expect(updates.saw(before)).toBeUndefined();
    await updated('before', complete);
    expect(updates.saw(before)).toBe('team/a');
    expect(updates.saw(before)).toBeUndefined();
    await updated('before', { ...complete, readyReplicas: 0 });
    expect(updates.saw(before)).toBeUndefined();
    expect(updates.forget('team/before')).toBe('team/a');
  });
});
