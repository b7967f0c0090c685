import { expect, test } from 'vitest';
import { SettingsError } from '@kaito/kube';
import { help, readSettings } from './settings.ts';
import { environment } from './testing/provisioner.ts';

const read = (args: readonly string[] = [], env: NodeJS.ProcessEnv = environment) => {
  const settings = readSettings(args, env);
  if (settings === 'help') throw new Error('no help was asked for');
  return settings;
};

test('W15: only the leader acts, unless told otherwise, and the Lease is the one that the chart gives rights to', () => {
  expect(read().leaderElect).toBe(true);
  expect(read(['--leader-elect=false']).leaderElect).toBe(false);
});

test('what the chart sets is enough', () => {
  expect(read()).toMatchObject({
    cluster: {
      subscriptionId: environment.ARM_SUBSCRIPTION_ID,
      resourceGroup: 'group',
      name: 'cluster',
      location: 'westus3',
    },
    identity: { kind: 'federated', tokenFile: environment.AZURE_FEDERATED_TOKEN_FILE },
    timeouts: { launchMs: 1_800_000, registrationMs: 900_000, initializationMs: 1_200_000, repairMs: 600_000 },
    terminationLog: '/dev/termination-log',
  });
  expect(read([], { ...environment, ARM_RESOURCE_GROUP: ' group ', TERMINATION_LOG: '/tmp/x' })).toMatchObject({
    cluster: { resourceGroup: 'group' },
    terminationLog: '/tmp/x',
  });
});

test('the identity of the node needs no federation', () => {
  const env = { ...environment, AZURE_TENANT_ID: '', AZURE_FEDERATED_TOKEN_FILE: '', DEPLOYMENT_MODE: 'managed' };
  expect(read([], env).identity).toEqual({ kind: 'managed', clientId: environment.AZURE_CLIENT_ID });
});

test.each(Object.keys(environment))('W16: without %s there is one line that names it', (name) => {
  const refused = () => readSettings([], { ...environment, [name]: '  ' });
  expect(refused).toThrow(SettingsError);
  expect(refused).toThrow(new RegExp(`^${name} is not set: .+$`));
});

test.each([
  [['--launch-timeout=5'], {}, '--launch-timeout is "5"; write a duration from 1s to 24h, such as 15m'],
  [['--pool-operations=0'], {}, '--pool-operations is "0"; write a whole number from 1 to 100'],
  [['--wait-for-gpu=maybe'], {}, '--wait-for-gpu is "maybe"; write one of true, false'],
  [['--lease-duration=5'], {}, '--lease-duration must be longer than --renew-deadline'],
  [['--nonsense'], {}, '--help lists the options'],
  [
    [],
    { ARM_SUBSCRIPTION_ID: 'mine' },
    'ARM_SUBSCRIPTION_ID is "mine", which cannot be the subscription of the AKS cluster',
  ],
  [[], { DEPLOYMENT_MODE: 'x' }, 'DEPLOYMENT_MODE is "x"; write self-hosted or managed'],
])('W16: %j with %j is refused', (args, env, message) => {
  expect(() => read(args, { ...environment, ...env })).toThrow(message);
});

test('the help needs nothing, and names every option and variable', () => {
  expect(readSettings(['--help'], {})).toBe('help');
  for (const name of Object.keys(environment)) expect(help).toContain(name);
});
