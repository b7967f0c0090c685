import { check } from './check.ts';
import type { StructuralSchema } from './schema.ts';

const keywords = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'anyOf',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);

/**
 * Why a schema would be refused in a CRD, or serve people badly there: one line for each breach. Rules:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema;
 * besides, each field has a description, and each default satisfies its own field.
 */
export function structuralProblems(schema: StructuralSchema, path = ''): string[] {
  const problems: string[] = [];
  const at = path === '' ? 'root' : path;
  const report = (problem: string): void => void problems.push(`${at}: ${problem}`);
  for (const keyword of Object.keys(schema)) if (!keywords.has(keyword)) report(`has ${keyword}`);
  if (path === '' && schema.type !== 'object') report('is no object');
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  if (intOrString === (schema.type !== undefined)) report('must have a type, or be int-or-string');
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    report('has both properties and additionalProperties');
  }
  if ((schema.type === 'array') !== (schema.items !== undefined)) report('must have items exactly when it is an array');
  const empty = schema.properties === undefined && schema.additionalProperties === undefined;
  const isMetadata = path === 'metadata';
  if (schema.type === 'object' && empty && schema['x-kubernetes-preserve-unknown-fields'] !== true && !isMetadata) {
    report('is an object without fields: everything in it would be pruned');
  }
  if (path !== '' && !isMetadata && (schema.description ?? '') === '') report('has no description');
  for (const bound of [schema.minimum, schema.maximum]) {
    if (bound !== undefined && Math.abs(bound) >= Number.MAX_SAFE_INTEGER) report('has a bound that says nothing');
  }
  if (schema.default !== undefined && check(schema, schema.default).length > 0) report('has a default that it refuses');
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(schema.properties ?? {}, name)) report(`requires ${name}, which it has not`);
  }
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    if (!schema.items?.required?.includes(key)) report(`is a list by ${key}, which its items do not require`);
  }
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    problems.push(...ruleProblems(rule, message).map((problem) => `${at}: ${problem}`));
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    problems.push(...structuralProblems(child, path === '' ? name : `${path}.${name}`));
  }
  if (schema.items !== undefined) problems.push(...itemProblems(schema.items, `${path}[]`));
  if (schema.additionalProperties !== undefined)
    problems.push(...itemProblems(schema.additionalProperties, `${path}.*`));
  return problems;
}

/** Items of lists and values of maps need no description when they are plain. */
function itemProblems(schema: StructuralSchema, path: string): string[] {
  return structuralProblems(schema, path).filter((problem) => problem !== `${path}: has no description`);
}

/** What can be said of a CEL rule without an engine: brackets and quotes close, it speaks of self, and it explains itself. */
function ruleProblems(rule: string, message: string): string[] {
  const problems: string[] = [];
  const open: string[] = [];
  const closes: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
  const bare = rule.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
  for (const letter of bare) {
    if ('([{'.includes(letter)) open.push(letter);
    else if (closes[letter] !== undefined && open.pop() !== closes[letter])
      problems.push(`unbalanced ${letter} in ${rule}`);
  }
  if (open.length > 0 || bare.includes('"')) problems.push(`something is left open in ${rule}`);
  if (!/\bself\b/.test(bare)) problems.push(`a rule does not speak of self: ${rule}`);
  if (message.trim() === '' || message.includes('\n')) problems.push(`a rule has no message of one line: ${rule}`);
  return problems;
}
