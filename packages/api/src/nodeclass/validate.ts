import type { Finding } from '../finding.ts';
import { formatPath } from '../path.ts';
import { check, explain } from '../structural/check.ts';
import { nearest } from '../structural/suggestion.ts';
import { nodeClassStructure } from './schema.ts';

/** Beginning of the names of the tags that say whose an agent pool is. */
const ownTagPrefix = 'kaito.sh_';

/** Every problem of a KaitoNodeClass at once; never throws. Codes: UnknownField, MissingField, InvalidType, InvalidValue, MutuallyExclusive. */
export function validateNodeClass(object: unknown): Finding[] {
  const violations = check(nodeClassStructure, object);
  const findings = violations.map((violation): Finding => {
    if (violation.code !== 'UnknownField') return explain(violation);
    const parent = violation.path.slice(0, -1);
    const name = String(violation.path.at(-1));
    const meant = nearest(name, violation.siblings);
    return {
      code: 'UnknownField',
      severity: 'error',
      path: formatPath(violation.path),
      message: `${formatPath(parent) || 'A KaitoNodeClass'} has no field ${name.slice(0, 80)}.`,
      remedy:
        meant === undefined
          ? `Remove it; the fields here are ${violation.siblings.join(', ')}.`
          : `Did you mean ${formatPath([...parent, meant])}?`,
    };
  });
  const spec = (object as { spec?: { mode?: unknown; spot?: unknown } } | null | undefined)?.spec;
  if (spec?.mode === 'System' && spec.spot !== undefined) {
    findings.push({
      code: 'MutuallyExclusive',
      severity: 'error',
      path: 'spec.spot',
      message: 'spec.mode is System and spec.spot is set; AKS has no spot pools of mode System.',
      remedy: 'Remove spec.spot, or set spec.mode to User.',
    });
  }
  const tags = (spec as { tags?: unknown } | undefined)?.tags;
  return [...findings, ...tagFindings(typeof tags === 'object' && tags !== null ? Object.keys(tags) : [])];
}

/** What Azure allows in the name of a tag: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations. */
const forbidden = /[<>%&\\?/]/;
const longestName = 512;

function tagFindings(names: readonly string[]): Finding[] {
  return names.flatMap((name): Finding | Finding[] => {
    const path = formatPath(['spec', 'tags', name]);
    const shown = name.slice(0, 80);
    if (name.toLowerCase().startsWith(ownTagPrefix)) {
      const message = `Tag ${shown} is one of those by which KAITO knows its own agent pools.`;
      return { code: 'InvalidValue', severity: 'error', path, message, remedy: `Name it without ${ownTagPrefix}` };
    }
    if (name !== '' && name.length <= longestName && !forbidden.test(name)) return [];
    const message = `Tag "${shown}" has a name that Azure does not allow.`;
    return {
      code: 'InvalidValue',
      severity: 'error',
      path,
      message,
      remedy: `Write 1 to ${longestName} characters, none of < > % & \\ ? /`,
    };
  });
}
