import { expect, it } from 'vitest';
import { packageOf } from './packages.ts';

it.each([
  ['/work/node_modules/yaml/dist/index.js', '/work/node_modules/yaml'],
  ['/work/node_modules/@hono/node-server/dist/index.mjs', '/work/node_modules/@hono/node-server'],
  ['/work/node_modules/ora/node_modules/chalk/index.js', '/work/node_modules/ora/node_modules/chalk'],
  ['/work/packages/kube/src/packages/index.ts', '/work/packages/kube'],
])('%s is of %s', (file, folder) => {
  expect(packageOf(file)).toBe(folder);
});
