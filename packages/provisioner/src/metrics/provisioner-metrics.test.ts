import { systemClock } from '@kaito/kube';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { azureError, MemoryPools } from '../testing/memory-pools.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { createProvisionerMetrics } from './provisioner-metrics.ts';

test('W23: what is counted has the names of Karpenter, and the version is the real one', async () => {
  const register = new Registry();
  createProvisionerMetrics(register, packageFile.version);
  const names = (await register.getMetricsAsJSON()).map(({ name }) => name);
  expect(names.toSorted()).toEqual(
    [
      'build_info',
      'cloudprovider_duration_seconds',
      'cloudprovider_errors_total',
      'nodeclaims_disrupted_total',
      'nodeclaims_instance_termination_duration_seconds',
      'nodeclaims_terminated_total',
      'nodeclaims_termination_duration_seconds',
      'nodeclaims_unhealthy_disrupted_total',
      'nodes_created_total',
      'nodes_drained_total',
      'nodes_eviction_requests_total',
      'nodes_lifetime_duration_seconds',
      'nodes_terminated_total',
      'nodes_termination_duration_seconds',
      'pods_drained_total',
    ].map((name) => `karpenter_${name}`),
  );
  expect(await register.getSingleMetricAsString('karpenter_build_info')).toContain(`version="${packageFile.version}"`);
});

test('calls of Azure are timed, and their errors told apart', async () => {
  const register = new Registry();
  const pools = new MemoryPools();
  const measured = createProvisionerMetrics(register, '1').measured(pools, systemClock);
  pools.refuse = () => azureError('QuotaExceeded');
  await expect(measured.create('ws1', {})).rejects.toThrow('Azure says QuotaExceeded');
  await measured.list();
  const text = await register.metrics();
  expect(text).toContain(
    'karpenter_cloudprovider_errors_total{controller="nodeclaim.lifecycle",method="Create",provider="azure",error="InsufficientCapacityError"} 1',
  );
  expect(text).toMatch(/karpenter_cloudprovider_duration_seconds_count\{[^}]*method="List"[^}]*\} 1/);
});
