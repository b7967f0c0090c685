import { isNotFound } from '@kaito/kube';
import type { Check } from '../../doctor/check.ts';
import type { Cluster } from '../connect.ts';
import { installCommand } from '../explain.ts';
import { nodeClaims, workspaces } from '../resources.ts';
import { asCheck } from './finding.ts';

/** The first minor version of Kubernetes 1 that the chart installs on. */
const leastMinor = 30;

export interface ApiServer {
  readonly checks: readonly Check[];
  /** It answers, and knows Workspaces. */
  readonly installed: boolean;
  /** Whom it takes this person for. */
  readonly user: string;
}

/** Whether the API server answers, to whom, and which of the kinds that KAITO needs it knows. */
export async function apiServerChecks({ client, config }: Cluster): Promise<ApiServer> {
  const name = 'api server';
  let version: { readonly major: string; readonly minor: string; readonly gitVersion: string };
  const began = performance.now();
  try {
    version = (await client.raw('GET', '/version')) as typeof version;
  } catch (error) {
    return { checks: [asCheck(error, name)], installed: false, user: '' };
  }
  const tookMs = Math.round(performance.now() - began);
  const old = version.major === '1' && Number.parseInt(version.minor, 10) < leastMinor;
  const [user, knowsWorkspaces, knowsClaims] = await Promise.all([
    userOf(client),
    knows(client, workspaces),
    knows(client, nodeClaims),
  ]);
  const who = user === '' ? '' : `, to ${user}`;
  const checks: Check[] = [
    {
      name,
      state: old ? 'warning' : 'ok',
      found: `${version.gitVersion} at ${config.server} answers in ${tookMs} ms${who}`,
      ...(old && { remedy: `Upgrade it to 1.${leastMinor} or later.` }),
    },
    ...kindChecks(knowsWorkspaces, knowsClaims),
  ];
  return { checks, installed: knowsWorkspaces, user };
}

function kindChecks(workspaces: boolean, claims: boolean): Check[] {
  const name = 'kinds';
  if (!workspaces) {
    const found = 'the cluster does not know workspaces.kaito.sh: KAITO is not installed there';
    return [{ name, state: 'failed', found, remedy: `Install it: ${installCommand}` }];
  }
  if (claims)
    return [{ name, state: 'ok', found: 'the cluster knows workspaces.kaito.sh and nodeclaims.karpenter.sh' }];
  const found =
    'the cluster does not know nodeclaims.karpenter.sh: no machine can be rented, only existing nodes are used';
  return [
    { name, state: 'warning', found, remedy: `Install a provisioner, with the chart or Karpenter: ${installCommand}` },
  ];
}

async function userOf(client: Cluster['client']): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  try {
    const answer = await client.raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', body);
    return (
      (answer as { readonly status?: { readonly userInfo?: { readonly username?: string } } }).status?.userInfo
        ?.username ?? ''
    );
  } catch {
    // A server before 1.28 cannot say.
    return '';
  }
}

async function knows(client: Cluster['client'], of: typeof workspaces | typeof nodeClaims): Promise<boolean> {
  try {
    const list = (await client.raw('GET', `/apis/${of.group}/${of.version}`)) as {
      readonly resources?: readonly { readonly name: string }[];
    };
    return list.resources?.some(({ name }) => name === of.plural) === true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
