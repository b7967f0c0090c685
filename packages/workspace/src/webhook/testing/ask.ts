import type { AdmissionHandler, AdmissionRequest, Verdict } from '@kaito/kube';

/** What a synchronous handler says of an object; an update where `oldObject` is given. */
export function asked(
  handler: AdmissionHandler,
  object: unknown,
  more: Partial<Record<keyof AdmissionRequest, unknown>> = {},
): Verdict {
  const request = {
    uid: 'uid-1',
    operation: more.oldObject === undefined ? 'CREATE' : 'UPDATE',
    kind: { group: 'kaito.sh', version: 'v1beta1', kind: 'Workspace' },
    resource: { group: 'kaito.sh', version: 'v1beta1', resource: 'workspaces' },
    userInfo: { username: 'ada' },
    object,
    oldObject: null,
    ...more,
  };
  const verdict = handler(request as AdmissionRequest);
  if (verdict instanceof Promise) throw new Error('the handler is not synchronous');
  return verdict;
}
