import { clusterArguments, codeLike } from './rule.ts';
import type { Rule } from './rule.ts';

/** AKS caps the pools of a cluster, and the nodes of a cluster. */
export const poolLimitReached: Rule = (facts, context) => {
  const azureCode = codeLike(
    facts,
    /^(Max\w*AgentPool\w*|\w*AgentPool\w*Limit\w*|TooManyAgentPools|\w*NodeCount\w*(Exceeds|Limit)\w*)$/i,
  );
  const said =
    /\b(maximum|max|limit)\b[^.]{0,40}\b(number|count) of (agent|node) ?pools?\b|\bnumber of (agent|node) ?pools?\b[^.]{0,80}\b(exceed|limit|maximum|at most)|\btoo many (agent|node) ?pools?\b|\b(agent|node) ?pools? (count )?limit\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  return {
    code: 'PoolLimitReached',
    message: 'the cluster has as many node pools or nodes as AKS allows',
    remedy: `delete node pools that are no longer used: az aks nodepool list ${clusterArguments(context, '--cluster-name')} --output table`,
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};

const subnetNames = [
  /\bsubnet name:? '?([\w.-]*\w)/i,
  /\bsubnets\/([\w.-]*\w)/i,
  /\bsubnet '?([\w.-]*\w)'? (?:with|does|is|has)\b/i,
];

export const subnetFull: Rule = (facts) => {
  const azureCode = codeLike(
    facts,
    /^(ErrCode_)?(SubnetIsFull|SubnetFull|InsufficientSubnetSize|SubnetWithInsufficient\w*|InsufficientIPs?\w*)$/i,
  );
  const said =
    /\bsubnet\b.{0,120}\b(is full|not enough|insufficient|does not have (enough|sufficient))\b|\bpre-allocated ips\b/i;
  if (azureCode === undefined && !said.test(facts.text)) return undefined;
  const subnet = subnetNames.map((pattern) => pattern.exec(facts.text)?.[1]).find((name) => name !== undefined);
  return {
    code: 'SubnetFull',
    message: `the subnet${subnet === undefined ? '' : ` ${subnet}`} has too few free addresses for another node`,
    remedy:
      'use a larger subnet, lower maxPods, or delete node pools of that subnet: az network vnet subnet show --ids SUBNET_ID --query addressPrefix',
    retry: 'later',
    azureCode: azureCode ?? facts.codes[0],
  };
};
