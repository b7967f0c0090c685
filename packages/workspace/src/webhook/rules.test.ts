import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '@kaito/catalog';
import { expect, test } from 'vitest';
import { rules } from './testing/rules/index.ts';
import type { Rule } from './testing/rules/index.ts';
import { asked } from './testing/ask.ts';
import { workspaceHandler } from './workspace-handler.ts';

const handler = workspaceHandler({ catalog: loadCatalog(), presetRegistry: 'mcr.microsoft.com/aks/kaito' });

function verdict(rule: Rule, object: unknown) {
  return asked(handler, object, rule.old === undefined ? {} : { oldObject: rule.old });
}

test.each(rules)('$code refuses $rule', (rule) => {
  const { allowed, code, reason, message, causes } = verdict(rule, rule.refused);
  expect({ allowed, code, reason }).toEqual({ allowed: false, code: 400, reason: 'BadRequest' });
  expect(causes?.map(({ reason, field }) => `${reason} ${field}`)).toContain(`${rule.code} ${rule.path}`);
  expect(message).toMatch(/^validation failed: /);
  // Each line names the place, says what is wrong there, and what mends it.
  const lines = message!.replace('validation failed: ', '').split('\n');
  expect(lines).toHaveLength(causes!.length);
  for (const [index, line] of lines.entries()) {
    expect(line.startsWith(causes![index]!.field!)).toBe(true);
    if (rule.by === 'webhook') expect(line).toMatch(/[.?] \S.*[.?]$/);
  }
});

test.each(rules)('$code accepts the nearest to $rule that is right', (rule) => {
  const { allowed, message } = verdict(rule, rule.accepted);
  expect({ allowed, message }).toEqual({ allowed: true, message: undefined });
});

/** Codes of errors that no request to the API server can lead to. */
const elsewhere = new Map([
  ['InvalidYAML', 'text before it is sent'],
  ['TooLarge', 'text before it is sent'],
  ['NoWorkspace', 'text before it is sent'],
  ['DuplicateName', 'text before it is sent'],
  ['OtherKind', 'text before it is sent'],
  ['NotRunnableHere', 'this machine as target'],
  ['InsufficientDisk', 'this machine as target'],
  ['InvalidOption', 'options of the command line'],
  ['ContextTooLong', 'options of the command line'],
  ['UnknownQuantisation', 'options of the command line'],
  ['NothingToRun', 'the validation says MissingField before'],
  ['UnsupportedSelector', 'the validation says InvalidValue before'],
]);

test('every code of an error that validation and planner know has its rule', () => {
  const known = new Set<string>();
  for (const folder of ['api/src', 'planner/src']) {
    const root = join(import.meta.dirname, '../../..', folder);
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      const source = readFileSync(join(root, file), 'utf8');
      for (const [, code] of source.matchAll(/\bcode: '([A-Z]\w+)',?\s+severity: 'error'/g)) known.add(code!);
      for (const [, one, other] of source.matchAll(/notes\.error\(\s*(?:\w+ \? '(\w+)' : )?'(\w+)'/g))
        for (const code of [one, other]) if (code !== undefined) known.add(code);
    }
  }
  const covered = new Set(rules.map(({ code }) => code));
  expect([...known].filter((code) => !covered.has(code) && !elsewhere.has(code))).toEqual([]);
  // The search finds what it should: a code in each of the forms it is written in.
  for (const code of ['ImmutableField', 'UnknownPreset', 'InsufficientMemory', 'InsufficientGPUMemory'])
    expect(known).toContain(code);
});
