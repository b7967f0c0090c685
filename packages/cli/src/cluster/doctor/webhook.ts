import { randomBytes } from 'node:crypto';
import { ApiError, isNotFound } from '@kaito/kube';
import type { Check } from '../../doctor/check.ts';
import type { Cluster } from '../connect.ts';
import { operatorCommand } from '../explain.ts';
import { workspaces } from '../resources.ts';
import { asCheck } from './finding.ts';

/** Whether Workspaces are judged when they are applied: one with a preset that nobody has is sent as a dry run, so that nothing is stored. */
export async function webhookCheck({ client }: Cluster, namespace: string): Promise<Check> {
  const name = 'webhook';
  const probe = {
    apiVersion: 'kaito.sh/v1beta1' as const,
    kind: 'Workspace' as const,
    metadata: { name: `kaito-doctor-${randomBytes(4).toString('hex')}`, namespace },
    resource: { instanceType: '', labelSelector: { matchLabels: { 'kaito-doctor': 'probe' } } },
    inference: { preset: { name: 'kaito-doctor-no-such-preset' } },
  };
  try {
    await client.create(workspaces, probe, { dryRun: true });
  } catch (error) {
    if (!(error instanceof ApiError)) return asCheck(error, name);
    if (error.status.message.startsWith('admission webhook '))
      return { name, state: 'ok', found: 'it answers, and refuses what cannot run' };
    return asCheck(error, isNotFound(error) ? 'namespace' : name);
  }
  return {
    name,
    state: 'warning',
    found: 'a Workspace that cannot run is not refused when it is applied; its status alone says so',
    remedy: `Let it be: helm upgrade with --set webhook.enabled=true; and see that the operator runs: ${operatorCommand}`,
  };
}
