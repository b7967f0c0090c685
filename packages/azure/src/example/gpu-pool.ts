import {
  AzureError,
  cloudFromEnvironment,
  createAzure,
  createWire,
  credentialFromEnvironment,
  proxyFromEnvironment,
  systemClock as clock,
} from '../index.ts';

const [subscriptionId = '', resourceGroup = '', name = ''] = process.argv.slice(2);
const { env } = process;
const wire = createWire({ clock, userAgent: 'gpu-pool', proxy: proxyFromEnvironment(env) });
try {
  const cloud = await cloudFromEnvironment({ env, wire });
  const azure = createAzure({ cloud, wire, credential: credentialFromEnvironment({ env, cloud, wire }) });
  const pools = azure.agentPools({ subscriptionId, resourceGroup, name });
  const { pool, operation } = await pools.create('gpu1', {
    count: 1,
    vmSize: 'Standard_NC24ads_A100_v4',
    mode: 'User',
  });
  // A controller stores the operation instead, and looks at it now and then with `pools.poll`, also after a restart.
  if (operation !== undefined) await azure.operations.wait(operation, { deadlineMs: 900_000 });
  process.stdout.write(`${pool.name} is there\n`);
} catch (error) {
  if (!(error instanceof AzureError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  process.exitCode = 1;
} finally {
  wire.close();
}
