import { expect, test } from 'vitest';
import { readFlags } from './flags.ts';
import { managerFlags, managerHelp, readManagerSettings } from './manager-settings.ts';

function read(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const flags = readFlags(args, managerFlags);
  if (flags === 'help') throw new Error('no help was asked for');
  return readManagerSettings(flags, environment, 'team-system');
}

test('what is not given is as in controller-runtime, and the namespace is told by the pod', () => {
  expect(read([])).toEqual({
    leaderElect: true,
    lease: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
    systemNamespace: 'team-system',
    healthPort: 8081,
    metricsPort: 8080,
    logLevel: 'info',
    logFormat: 'text',
  });
  expect(read([], { POD_NAMESPACE: 'pods' }).systemNamespace).toBe('pods');
  expect(read(['--namespace=mine'], { POD_NAMESPACE: 'pods' }).systemNamespace).toBe('mine');
  expect(read(['--context=there', '--health-port', '0'])).toMatchObject({ context: 'there', healthPort: 0 });
});

test('the help names every flag; what is itself alone is named by whoever uses it', () => {
  const help = Object.values(managerHelp).join('\n');
  for (const flag of managerFlags.filter((name) => name !== 'namespace')) expect(help).toContain(`  --${flag}`);
});
