import { expect, test } from 'vitest';
import { wantsIn } from './wants.ts';

const workspace = (name: string, resource: object, inference: object) =>
  ({ apiVersion: 'kaito.sh/v1beta1', kind: 'Workspace', metadata: { name }, resource, inference }) as never;
const preset = (presetOptions: object) => ({ preset: { name: 'phi-2', presetOptions } });

test('what Workspaces take: machines and images', () => {
  const { machines, images } = wantsIn([
    workspace('a', { instanceType: 'Standard_A', count: 2 }, preset({ image: 'me.azurecr.io/a:1' })),
    workspace('b', { instanceType: 'Standard_A' }, preset({ image: 'me.azurecr.io/b:1', imagePullSecrets: ['s'] })),
    workspace('c', { instanceType: '' }, { template: { spec: { containers: [{ image: 'me.azurecr.io/c:1' }] } } }),
  ]);
  expect([...machines]).toEqual([['Standard_A', 3]]);
  expect([...images]).toEqual([
    ['me.azurecr.io/a:1', { withSecret: false }],
    ['me.azurecr.io/b:1', { withSecret: true }],
    ['me.azurecr.io/c:1', { withSecret: false }],
  ]);
});
