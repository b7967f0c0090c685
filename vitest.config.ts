import { defineConfig } from 'vitest/config';

/** Tests with real processes, clusters and clocks have the cores one file at a time. */
const withProcesses = { pool: 'forks', maxWorkers: 1 } as const;

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'lab/*/src/**/*.test.ts',
            'images/src/**/*.test.ts',
            'tools/**/*.test.ts',
          ],
          exclude: [
            '**/*.integration.test.ts',
            '**/*.cluster.test.ts',
            '**/*.azure.test.ts',
            '**/*.walkthrough.test.ts',
            '**/node_modules/**',
          ],
          pool: 'threads',
          isolate: false,
          testTimeout: 25_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: [
            'packages/*/src/**/*.integration.test.ts',
            'lab/*/src/**/*.integration.test.ts',
            'images/src/**/*.integration.test.ts',
          ],
          ...withProcesses,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Against the real API server that KUBECONFIG names; `npm test` starts one in a network namespace and runs this inside it.
        test: {
          name: 'cluster',
          include: ['packages/*/src/**/*.cluster.test.ts', 'lab/*/src/**/*.cluster.test.ts'],
          ...withProcesses,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Against that API server and the Azure emulator beside it.
        test: {
          name: 'azure',
          include: ['packages/*/src/**/*.azure.test.ts'],
          ...withProcesses,
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        // In the environment of a walkthrough, on real nodes: node lab/walkthrough/src/withheld/main.ts
        test: {
          name: 'walkthrough',
          include: ['lab/walkthrough/src/**/*.walkthrough.test.ts'],
          ...withProcesses,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
