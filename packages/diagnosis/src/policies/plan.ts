import type { Policy } from './policy.ts';

/** The Plan has an error: nothing can run before the manifest is edited. The first error finding is the cause. */
export const planRefused: Policy = ({ plan, evidence }) => {
  if (plan.admitted) return undefined;
  // What a deletion waits for is of more use than what an edit would have to mend.
  if (plan.target === 'cluster' && evidence.deleting === true) return undefined;
  const errors = plan.findings.filter((finding) => finding.severity === 'error');
  const first = errors[0];
  if (first === undefined) {
    return {
      code: 'PlanRefused',
      message: 'the Workspace cannot be run as it is written',
      needs: 'person',
      remedy: 'see why: kaito plan -f <manifest>',
    };
  }
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return {
    code: first.code,
    message: `${first.message}${more}`,
    needs: 'person',
    remedy: first.remedy ?? 'edit the manifest, and check it: kaito plan -f <manifest>',
  };
};
