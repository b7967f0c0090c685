import { createHash } from 'node:crypto';
import { type KaitoNodeClassSpec, type NodeClaim, validateNodeClass } from '@kaito/api';
import type { AgentPoolProperties } from '@kaito/azure';
import type { Live } from '@kaito/kube';
import { poolBody, type Subnets } from '../../../agent-pool/body.ts';
import { hasKaitoClass } from '../../../agent-pool/managed.ts';
import { assertPoolName } from '../../../agent-pool/name.ts';
import { PlanError } from '../../../agent-pool/plan-error.ts';
import { ownershipTags } from '../../../agent-pool/tags.ts';
import type { Dependencies } from '../../../dependencies.ts';
import { type Candidate, candidateName } from '../../../requirements/candidate.ts';
import { selectCandidates } from '../../../requirements/candidates.ts';

/** One way to get the machine, with the pool that would be asked for. */
export interface Way {
  readonly name: string;
  readonly candidate: Candidate;
  readonly body: AgentPoolProperties;
  /** Of the body, without its time. */
  readonly hash: string;
}

/**
 * The pools that would fulfil a claim, in the order in which they are tried.
 *
 * @throws PlanError where the claim or its class cannot be fulfilled as written
 */
export function waysOf(
  claim: Live<NodeClaim>,
  subnets: Subnets,
  { caches, catalog, clock, options }: Pick<Dependencies, 'caches' | 'catalog' | 'clock' | 'options'>,
): readonly Way[] {
  assertPoolName(claim.metadata.name ?? '');
  const nodeClass = classOf(claim, caches);
  const { candidates, labels } = selectCandidates(claim, nodeClass, { catalog, location: options.cluster.location });
  return candidates.map((candidate) => {
    const body = poolBody({ claim, nodeClass, candidate, labels, subnets, catalog, now: clock.now() });
    return { name: candidateName(candidate), candidate, body, hash: hashOf(body) };
  });
}

/** The class `default` need not be there; it then says nothing. Nor does a class of others. */
function classOf(claim: Live<NodeClaim>, caches: Pick<Dependencies['caches'], 'nodeClasses'>): KaitoNodeClassSpec {
  const { name } = claim.spec.nodeClassRef;
  if (!hasKaitoClass(claim)) return {};
  const found = caches.nodeClasses.get({ name });
  if (found === undefined) {
    if (name === 'default') return {};
    throw new PlanError(
      'NodeClassNotFound',
      `there is no KaitoNodeClass ${name}`,
      `make it, or see which there are: kubectl get kaitonodeclasses`,
    );
  }
  const [finding] = validateNodeClass(found).filter(({ severity }) => severity === 'error');
  if (finding === undefined) return found.spec ?? {};
  throw new PlanError(
    'NodeClassInvalid',
    `KaitoNodeClass ${name} cannot be used: ${finding.message}`,
    `kubectl edit kaitonodeclass ${name}: ${finding.remedy}`,
  );
}

function hashOf({ tags, ...body }: AgentPoolProperties): string {
  const { [ownershipTags.createdAt]: _, ...lasting } = tags ?? {};
  return createHash('sha256')
    .update(JSON.stringify({ ...body, tags: lasting }))
    .digest('hex')
    .slice(0, 12);
}
