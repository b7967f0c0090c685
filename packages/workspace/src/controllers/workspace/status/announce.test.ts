import type { WorkspaceStatus } from '@kaito/api';
import { describe, expect, test } from 'vitest';
import { announce, turnsBetween } from './announce.ts';
import { ago, aWorkspace, condition } from './testing/objects.ts';

const brief = (previous: WorkspaceStatus, next: WorkspaceStatus) =>
  turnsBetween(previous, next).map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
const pending: WorkspaceStatus = {
  state: 'Pending',
  rootCause: { code: 'WaitingForNodes', message: '0 of 1 nodes are ready', needs: 'time' },
  conditions: [condition('NodesReady', 'False', 'NodeNotReady')],
};
const refused: WorkspaceStatus = {
  ...pending,
  rootCause: { code: 'QuotaExceeded', message: 'no quota is left', needs: 'person', remedy: 'ask for more' },
};
const ready: WorkspaceStatus = {
  state: 'Ready',
  endpoint: 'http://demo.team.svc',
  workerNodes: ['n1'],
  conditions: [condition('NodesReady', 'True', 'NodesReady')],
  phases: [
    { name: 'Validated', state: 'done', startedAt: ago(600), endedAt: ago(600) },
    { name: 'NodesReady', state: 'done', startedAt: ago(600), endedAt: ago(300) },
    { name: 'ImagePulled', state: 'done', startedAt: ago(300), endedAt: ago(180) },
    { name: 'Serving', state: 'done', startedAt: ago(100), endedAt: ago(100) },
  ],
};

describe('events', () => {
  test('of the way to Ready, with its times', () => {
    expect(brief(pending, ready)).toEqual([
      'Normal NodesReady: the nodes are ready after 5 min: n1',
      'Normal WorkspaceReady: it answers at http://demo.team.svc, 8 min 20 s after it was created (NodesReady 5 min, ImagePulled 2 min)',
    ]);
    const pulled = { ...pending, phases: ready.phases!.slice(0, 3) };
    expect(brief(pending, pulled)).toEqual(['Normal ImagePulled: the image is pulled after 2 min']);
  });

  test('of a cause that a person must mend, once', () => {
    expect(brief(pending, refused)).toEqual(['Warning QuotaExceeded: no quota is left. Remedy: ask for more']);
    expect(brief(refused, structuredClone(refused))).toEqual([]);
    expect(brief(refused, pending)).toEqual([]);
  });

  test('of the end of Ready', () => {
    const lost: WorkspaceStatus = {
      ...ready,
      state: 'NotReady',
      rootCause: { code: 'LoadingModel', message: 'loading the model', needs: 'time' },
    };
    expect(brief(ready, lost)).toEqual(['Warning WorkspaceNotReady: loading the model']);
    const deleting = [...ready.conditions!, condition('WorkspaceDeleting', 'True', 'workspaceDeleted')];
    expect(brief(ready, { ...lost, conditions: deleting })).toEqual([
      'Normal WorkspaceDeleting: the Workspace is being deleted',
    ]);
  });

  test('of an update that is held', () => {
    const conditions = [...ready.conditions!, condition('UpdateAvailable', 'True', 'UpdateHeld', 'would change x')];
    expect(brief(ready, { ...ready, conditions })).toEqual(['Normal UpdateAvailable: would change x']);
  });

  test('of nothing where nothing turned', () => expect(brief(ready, ready)).toEqual([]));
});

test('are recorded about the Workspace', () => {
  const recorded: unknown[] = [];
  const workspace = aWorkspace();
  announce(pending, refused, { record: (object, content) => void recorded.push([object, content.reason]) }, workspace);
  expect(recorded).toEqual([[workspace, 'QuotaExceeded']]);
});
