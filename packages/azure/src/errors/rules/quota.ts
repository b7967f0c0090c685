import { oneLine } from '../one-line.ts';
import { argument, codeLike } from './rule.ts';
import type { CallContext, Rule, Verdict } from './rule.ts';

interface Quota {
  /** As `az vm list-usage` names it. */
  readonly name: string;
  readonly location: string | undefined;
  readonly limit?: number;
  readonly used?: number;
  readonly needed?: number;
  readonly newLimit?: number;
  readonly left?: number;
}

const codes =
  /^(ErrCode_)?(Insufficient\w*Quota|QuotaExceeded|OutOfQuota|\w*CoreQuotaExceeded|ResourceQuotaExceeded)$/i;
const words =
  /\b(exceeding (?:the )?(?:approved )?.{0,80}\bquota|insufficient (?:regional )?vcpu quota|family cores quota|total regional (?:cores|vcpus)|lowprioritycores|submit a request for quota increase)/i;

/** vCPU quotas of a subscription, as Compute and AKS tell them. */
export const quotaExceeded: Rule = (facts, context) => {
  const azureCode = codeLike(facts, codes);
  if (azureCode === undefined && !words.test(facts.text)) return undefined;
  const quota = quotaOf(facts.text);
  const told = verdict(quota, azureCode ?? facts.codes[0], context);
  if (quota !== undefined || facts.says === '') return told;
  return { ...told, message: `a quota is used up: ${oneLine(facts.says)}` };
};

/** Limits of the directory or of a subscription that no machine counts against. */
export const assignmentLimit: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(RoleAssignmentLimitExceeded|RoleDefinitionLimitExceeded|ResourceCountExceeds\w*)$/i,
  );
  if (azureCode === undefined) return undefined;
  return {
    code: 'QuotaExceeded',
    message: 'a limit on the number of role assignments, role definitions or resources is reached',
    remedy: 'delete those that are no longer used: az role assignment list --all --output table',
    retry: 'later',
    azureCode,
  };
};

function verdict(quota: Quota | undefined, azureCode: string | undefined, context: CallContext): Verdict {
  const location = quota?.location ?? context.location ?? 'LOCATION';
  const where = quota?.location === undefined ? '' : ` in ${quota.location}`;
  const figures = [
    quota?.limit === undefined ? undefined : `limit ${quota.limit}`,
    quota?.used === undefined ? undefined : `in use ${quota.used}`,
    quota?.left === undefined ? undefined : `left ${quota.left}`,
    quota?.needed === undefined ? undefined : `needed ${quota.needed}`,
  ].filter((figure) => figure !== undefined);
  const wanted = quota?.newLimit ?? (quota?.limit === undefined ? undefined : quota.limit + (quota.needed ?? 0));
  const increase = `az quota update --resource-name ${argument(quota?.name ?? 'FAMILY')} --scope /subscriptions/${context.subscriptionId ?? 'SUBSCRIPTION'}/providers/Microsoft.Compute/locations/${location} --resource-type dedicated --limit-object value=${wanted ?? 'VCPUS'}`;
  return {
    code: 'QuotaExceeded',
    message: `the vCPU quota${quota === undefined ? '' : ` ${quota.name}`}${where} is used up${figures.length > 0 ? ` (${figures.join(', ')})` : ''}`,
    remedy: `ask for more: ${increase}; or choose a machine type or region with quota left: az vm list-usage --location ${location} --output table`,
    retry: 'later',
    azureCode,
  };
}

function quotaOf(text: string): Quota | undefined {
  const family = /requested (\d+), remaining (\d+) for family (.{1,80}?) for region ([\w-]+)/i.exec(text);
  if (family !== null)
    return { name: family[3]!, location: family[4], left: Number(family[2]), needed: Number(family[1]) };
  const regional = /quota left for location ([\w-]+)\W+left regional vcpu quota (\d+), requested quota (\d+)/i.exec(
    text,
  );
  if (regional !== null)
    return { name: 'cores', location: regional[1], left: Number(regional[2]), needed: Number(regional[3]) };
  const approved = /exceeding (?:the )?(?:approved )?(.{1,80}?) quota/i.exec(text)?.[1];
  if (approved === undefined) return undefined;
  const figure = (pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const limit = figure(/Current Limit: (\d+)/i);
  const used = figure(/Current Usage: (\d+)/i);
  const needed = figure(/Additional Required: (\d+)/i);
  const newLimit = figure(/New Limit Required: (\d+)/i);
  return {
    name: usageName(approved),
    location: /Location: ([\w-]+)/i.exec(text)?.[1],
    ...(limit === undefined ? {} : { limit }),
    ...(used === undefined ? {} : { used }),
    ...(needed === undefined ? {} : { needed }),
    ...(newLimit === undefined ? {} : { newLimit }),
  };
}

/** Compute says `standardNCASv3Family Cores`, `Total Regional Cores` and `LowPriorityCores` of what its usages call otherwise. */
function usageName(approved: string): string {
  if (/^total regional/i.test(approved)) return 'cores';
  if (/^(total regional )?(low-?priority|spot)/i.test(approved)) return 'lowPriorityCores';
  return approved.replace(/ (cores|vcpus)$/i, '');
}
