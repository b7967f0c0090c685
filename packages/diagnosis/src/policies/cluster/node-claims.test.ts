import { expect, test } from 'vitest';
import { assess } from '../../assess.ts';
import { ago, aPlan, aWorkspace, now } from '../../testing/factories.ts';

/** The root cause while the one machine of a Workspace says this of its launch. */
function cause(reason: string, message: string, status: 'Unknown' | 'False' = 'Unknown') {
  const condition = { type: 'Launched', status, reason, message, lastTransitionTime: ago(10) };
  const nodeClaims = [{ name: 'ws012345678', createdAt: ago(20), conditions: [condition] }];
  const nodes = { wanted: 1, ready: [], missing: 1 } as never;
  return assess(aWorkspace(), aPlan({ target: 'cluster' }), { phases: [], nodeClaims, nodes }, now).rootCause;
}

test.each([
  ['QuotaExceeded', 'QuotaExceeded', 'person'],
  ['SKUNotAvailable', 'SKUNotAvailable', 'person'],
  ['CapacityMissing', 'CapacityMissing', 'time'],
  ['ZoneNotAvailable', 'ZoneNotAvailable', 'person'],
  ['PolicyDenied', 'RequestDisallowedByPolicy', 'person'],
  ['FederationMissing', 'FederationMissing', 'person'],
  ['RightMissing', 'CloudRightMissing', 'person'],
  ['Throttled', 'CloudBusy', 'time'],
  ['PoolNameTaken', 'PoolNameTaken', 'person'],
  ['SubnetFull', 'SubnetFull', 'person'],
])(
  'what our provisioner says with reason %s reaches the Workspace as %s, with its sentence and remedy',
  (reason, code, needs) => {
    expect(cause(reason, `no quota, a Conflict of words. Remedy: az mend ${reason}`)).toEqual({
      code,
      message: 'no quota, a Conflict of words',
      needs,
      remedy: `az mend ${reason}`,
    });
  },
);

test('what only waits is no error', () => {
  expect(cause('PoolCreating', 'agent pool ws012345678 is being created, Standard_NC6s_v3')?.code).not.toBe(
    'PoolCreating',
  );
});

test('the words of a provisioner that gives no remedy are searched for the cause', () => {
  const said = 'creating instance: ERROR CODE: ErrCode_InsufficientVCPUQuota';
  expect(cause('LaunchFailed', said)).toMatchObject({ code: 'QuotaExceeded', needs: 'person' });
});
