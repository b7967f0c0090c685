import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container, Volume } from 'kubernetes-types/core/v1.js';
import { expect, test } from 'vitest';
import { containerProcess } from './container.ts';

const pod = { metadata: { name: 'operator-1', namespace: 'kaito-system' }, status: { podIP: '10.200.0.1' } };

function deployment(container: Partial<Container>, volumes: readonly Volume[] = []): Deployment {
  const containers = [{ name: 'main', image: 'main:1', ...container }];
  const spec = { serviceAccountName: 'operator', containers, volumes: [...volumes] };
  return { spec: { selector: {}, template: { spec } } };
}

test('arguments, environment and volumes of a container, its files moved', () => {
  const described = deployment(
    {
      args: ['--log-level=info'],
      env: [
        { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        { name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/var/run/secrets/azure/tokens/token' },
        { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/kaito/ca/ca.crt' },
        { name: 'LOCATION', value: 'westus3' },
      ],
      volumeMounts: [
        { name: 'identity', mountPath: '/var/run/secrets/azure/tokens' },
        { name: 'ca', mountPath: '/etc/kaito/ca' },
      ],
    },
    [
      {
        name: 'identity',
        projected: {
          sources: [{ serviceAccountToken: { audience: 'api://x', expirationSeconds: 600, path: 'token' } }],
        },
      },
      { name: 'ca', configMap: { name: 'authorities' } },
    ],
  );
  expect(containerProcess(described, pod, '/lab')).toEqual({
    serviceAccount: 'operator',
    args: ['--log-level=info'],
    environment: {
      POD_NAMESPACE: 'kaito-system',
      AZURE_FEDERATED_TOKEN_FILE: '/lab/identity/token',
      NODE_EXTRA_CA_CERTS: '/lab/ca/ca.crt',
      LOCATION: 'westus3',
    },
    files: [
      { path: '/lab/identity/token', source: { token: 'api://x', seconds: 600 } },
      { path: '/lab/ca', source: { configMap: 'authorities' } },
    ],
  });
});

test.each([
  [
    'an environment variable of another kind',
    deployment({ env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] }),
    'NODE',
  ],
  [
    'a volume of another kind',
    deployment({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }, [{ name: 'data', emptyDir: {} }]),
    'data',
  ],
])('%s is refused by name', (_, described, name) => {
  expect(() => containerProcess(described, pod, '/lab')).toThrow(`${name} is of a kind that is not known here`);
});
