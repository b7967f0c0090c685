import type { WorkspaceStatus } from '@kaito/api';
import { refusal } from '@kaito/kube/testing';
import { expect, test } from 'vitest';
import { served, workspaces } from './testing/caches.ts';
import { aWorkspace, condition } from './testing/objects.ts';
import { writeStatus } from './write-status.ts';

const before: WorkspaceStatus = {
  state: 'Pending',
  workerNodes: ['n1'],
  rootCause: { code: 'A', message: 'a', needs: 'time', remedy: 'r' },
  nodeClaims: [{ ordinal: 0, attempt: 0, name: 'ws1' }],
  conditions: [condition('WorkspaceReady', 'False', 'workspacePending')],
};
const after: WorkspaceStatus = {
  state: 'Ready',
  workerNodes: ['n1'],
  nodeClaims: [{ ordinal: 0, attempt: 0, name: 'ws1' }],
  conditions: [condition('WorkspaceReady', 'True', 'workspaceReady')],
};

test('one PATCH carries what differs, with removals, for the Workspace as it was read', async () => {
  const { client, caches, workspace } = await served(aWorkspace({ status: before }));
  const written = await writeStatus({ client, caches }, workspace, after);
  expect(client.calls).toHaveLength(1);
  const { uid, resourceVersion } = workspace.metadata;
  expect(client.calls[0]?.options).toEqual({
    type: 'merge',
    body: {
      metadata: { uid, resourceVersion },
      status: { state: 'Ready', rootCause: null, conditions: after.conditions },
    },
  });
  expect(written?.status).toEqual(after);
  expect(caches.workspaces.get({ namespace: 'team', name: 'demo' })).toBe(written);
});

test('nothing is written where nothing differs', async () => {
  const { client, caches, workspace } = await served(aWorkspace({ status: before }));
  expect(await writeStatus({ client, caches }, workspace, structuredClone(before))).toBe(workspace);
  expect(client.calls).toEqual([]);
});

test('a write of somebody else in between is kept', async () => {
  const { client, caches, workspace } = await served(aWorkspace({ status: before }));
  const theirs = condition('BenchmarkCompleted', 'True', 'BenchmarkCompleted');
  await client.patch(
    workspaces,
    { namespace: 'team', name: 'demo' },
    {
      type: 'merge',
      body: {
        status: { conditions: [...before.conditions!, theirs], performance: { metrics: {} }, workerNodes: ['n2'] },
      },
    },
  );
  client.calls.length = 0;
  const written = await writeStatus({ client, caches }, workspace, after);
  expect(client.calls.map(({ verb }) => verb)).toEqual(['patch', 'get', 'patch']);
  expect(written?.status).toEqual({
    ...after,
    // Nothing of ours changed there, so theirs stays.
    workerNodes: ['n2'],
    performance: { metrics: {} },
    conditions: [...after.conditions!, theirs],
  });
});

test('a Workspace that is gone, or another of the same name, is left alone', async () => {
  const gone = await served(aWorkspace({ status: before }));
  await gone.client.delete(workspaces, { namespace: 'team', name: 'demo' });
  expect(await writeStatus(gone, gone.workspace, after)).toBeUndefined();

  const other = await served(aWorkspace({ status: before }));
  await other.client.delete(workspaces, { namespace: 'team', name: 'demo' });
  await other.client.create(workspaces, aWorkspace());
  await writeStatus(other, other.workspace, after);
  expect((await other.client.get(workspaces, { namespace: 'team', name: 'demo' })).status).toBeUndefined();
});

test('a refusal is passed on', async () => {
  const { client, caches, workspace } = await served(aWorkspace({ status: before }));
  client.before = () => {
    throw refusal(403, 'Forbidden');
  };
  await expect(writeStatus({ client, caches }, workspace, after)).rejects.toThrow('Forbidden');
});
