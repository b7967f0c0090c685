import { plannerRules } from './planner-rules.ts';
import { podRules } from './pod-rules.ts';
import type { Rule } from './rule.ts';
import { sectionRules } from './section-rules.ts';
import { updateRules } from './update-rules.ts';

export type { Rule } from './rule.ts';

/** Every admission rule. */
export const rules: readonly Rule[] = [...sectionRules, ...podRules, ...plannerRules, ...updateRules];
