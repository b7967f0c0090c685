import { ApiError, ConnectionError } from '@kaito/kube';
import { expect, test } from 'vitest';
import { faultOf } from './fault-of.ts';

function refused(code: number, reason: string, message: string): ApiError {
  return new ApiError({ code, reason, message }, 'POST /x');
}

const operator = 'system:serviceaccount:kaito-system:kaito-workspace';

test.each<[string, unknown, string, 'transient' | 'terminal', string, string]>([
  [
    'a right that is missing',
    refused(
      403,
      'Forbidden',
      `deployments.apps is forbidden: User "${operator}" cannot create resource "deployments" in API group "apps" in the namespace "team"`,
    ),
    'MissingRight',
    'terminal',
    `cannot create Deployment demo: ${operator} may not create deployments.apps in namespace team`,
    `kubectl auth can-i create deployments.apps -n team --as ${operator}`,
  ],
  [
    'a right in the whole cluster that is missing',
    refused(
      403,
      'Forbidden',
      `nodes is forbidden: User "${operator}" cannot list resource "nodes" in API group "" at the cluster scope`,
    ),
    'MissingRight',
    'terminal',
    `cannot create Deployment demo: ${operator} may not list nodes in the whole cluster`,
    `kubectl auth can-i list nodes --as ${operator}`,
  ],
  [
    'a quota',
    refused(
      403,
      'Forbidden',
      'services "demo" is forbidden: exceeded quota: few, requested: services=1, used: services=5, limited: services=5',
    ),
    'NamespaceQuotaExceeded',
    'terminal',
    'exceeded quota: few',
    'kubectl describe resourcequota',
  ],
  [
    'a webhook of others',
    refused(400, 'BadRequest', 'admission webhook "gate.example.com" denied the request: images must be signed'),
    'AdmissionDenied',
    'terminal',
    'cannot create Deployment demo: the webhook gate.example.com denies it: images must be signed',
    'gate.example.com',
  ],
  [
    'a webhook that does not answer',
    refused(
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "gate.example.com": connect: connection refused',
    ),
    'WebhookUnavailable',
    'transient',
    'failed calling webhook',
    'kubectl get validatingwebhookconfigurations',
  ],
  [
    'a namespace that goes',
    refused(
      403,
      'Forbidden',
      'deployments.apps "demo" is forbidden: unable to create new content in namespace team because it is being terminated',
    ),
    'NamespaceTerminating',
    'transient',
    'being terminated',
    '',
  ],
  [
    'an object that is invalid',
    refused(422, 'Invalid', 'Deployment.apps "demo" is invalid: spec.template: Required value'),
    'ObjectInvalid',
    'terminal',
    'Required value',
    'kubectl edit workspace',
  ],
  [
    'a kind that is not installed',
    refused(404, 'NotFound', 'the server could not find the requested resource'),
    'ResourceNotInstalled',
    'terminal',
    'could not find',
    'kubectl apply -f charts/kaito/files/crds',
  ],
  ['load', refused(429, 'TooManyRequests', 'please try again later'), 'ApiServerBusy', 'transient', 'try again', ''],
  [
    'a failure of the server',
    refused(500, 'InternalError', 'etcdserver: leader changed'),
    'ApiServerFailing',
    'transient',
    'leader changed',
    '',
  ],
  [
    'a conflict',
    refused(409, 'Conflict', 'the object has been modified'),
    'ApiServerRefused',
    'transient',
    'has been modified',
    '',
  ],
  [
    'no answer',
    new ConnectionError('refused', { code: 'ECONNREFUSED' }),
    'ApiServerUnreachable',
    'transient',
    'does not answer (ECONNREFUSED)',
    '',
  ],
  ['a fault of the program', new RangeError('no such index'), 'InternalError', 'transient', 'no such index', ''],
])('%s', (_, error, code, kind, message, remedy) => {
  const fault = faultOf(error, 'create Deployment demo');
  expect(fault).toMatchObject({ code, kind });
  expect(fault.message).toContain(message);
  expect(fault.remedy ?? '').toContain(remedy);
  if (kind === 'terminal') expect(fault.remedy).toBeTruthy();
});
