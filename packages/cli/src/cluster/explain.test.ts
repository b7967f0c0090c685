import { ApiError, ConnectionError } from '@kaito/kube';
import { expect, test } from 'vitest';
import { Failure } from '../failure.ts';
import { explained } from './explain.ts';

function findingOf(error: Error) {
  const told = explained(error);
  if (!(told instanceof Failure)) throw new Error('it is no Failure');
  return told.findings[0]!;
}

test('a cluster that does not know Workspaces says what to install', () => {
  const status = { code: 404, reason: 'NotFound', message: 'the server answered 404: 404 page not found' };
  expect(findingOf(new ApiError(status, 'list workspaces'))).toMatchObject({
    code: 'NotInstalled',
    remedy: expect.stringContaining('helm install kaito'),
  });
});

test('a missing right is named with the command that grants it', () => {
  const message =
    'workspaces.kaito.sh is forbidden: User "ada" cannot create resource "workspaces" in API group "kaito.sh" in the namespace "team"';
  expect(findingOf(new ApiError({ code: 403, reason: 'Forbidden', message }, 'x'))).toMatchObject({
    message: 'ada may not create workspaces.kaito.sh in namespace team.',
    remedy: expect.stringContaining('--clusterrole=kaito-workspace-edit --user=ada -n team'),
  });
});

test('a denial keeps each fault with its place and remedy', () => {
  const status = {
    code: 400,
    reason: 'BadRequest',
    message:
      'admission webhook "validation.workspace.kaito.sh" denied the request: validation failed: resource.count: It is 0. Set it to 1.',
    details: { causes: [{ reason: 'OutOfRange', message: 'It is 0.', field: 'resource.count' }] },
  };
  expect(findingOf(new ApiError(status, 'x'))).toEqual({
    code: 'OutOfRange',
    severity: 'error',
    message: 'It is 0.',
    path: 'resource.count',
    remedy: 'Set it to 1.',
  });
});

test('a dead API server is one sentence without the request', () => {
  const error = new ConnectionError('GET /x: cannot talk to https://h:1: nothing listens there (ECONNREFUSED)', {
    code: 'ECONNREFUSED',
  });
  expect(findingOf(error).message).toBe('Cannot talk to https://h:1: nothing listens there (ECONNREFUSED).');
});
