import type { KubeObject } from '../object.ts';

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** Separates at commas outside parentheses. */
const comma = /,(?![^(]*\))/;
const setForm = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const equalityForm = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;

/**
 * Says of an object whether a label selector (`a=b,c!=d,e in (f,g),h notin (i),j,!k`) chooses it.
 * @throws SyntaxError where the selector cannot be read.
 */
export function labelMatcher(selector: string): (object: KubeObject) => boolean {
  const requirements =
    selector.trim() === '' ? [] : selector.split(comma).map((part) => requirement(part.trim(), selector));
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return requirements.every((holds) => holds(labels));
  };
}

function requirement(text: string, selector: string): Requirement {
  const set = setForm.exec(text);
  if (set !== null) {
    const [, key, operator, list] = set as unknown as [string, string, string, string];
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (labels) => labels[key] !== undefined && values.has(labels[key])
      : (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  const equality = equalityForm.exec(text);
  if (equality !== null) {
    const [, key, operator, value] = equality as unknown as [string, string, string, string];
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  if (/^![^\s=!]+$/.test(text)) return (labels) => labels[text.slice(1)] === undefined;
  if (/^[^\s=!]+$/.test(text)) return (labels) => labels[text] !== undefined;
  throw new SyntaxError(`label selector ${JSON.stringify(selector)}: ${JSON.stringify(text)} is no requirement`);
}

/**
 * Says of an object whether a field selector (`spec.nodeName=x,status.phase!=Failed`) chooses it; an absent field equals the empty text.
 * @throws SyntaxError where the selector cannot be read.
 */
export function fieldMatcher(selector: string): (object: KubeObject) => boolean {
  const terms = selector
    .split(',')
    .filter((term) => term.trim() !== '')
    .map((term) => {
      const match = equalityForm.exec(term.trim());
      if (match === null)
        throw new SyntaxError(`field selector ${JSON.stringify(selector)}: ${JSON.stringify(term)} is no term`);
      const [, path, operator, value] = match as unknown as [string, string, string, string];
      return { path: path.split('.'), negated: operator === '!=', value };
    });
  return (object) =>
    terms.every(({ path, negated, value }) => {
      let at: unknown = object;
      for (const step of path)
        at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined;
      const text =
        at === undefined || at === null ? '' : typeof at === 'object' ? JSON.stringify(at) : String(at as string);
      return (text === value) !== negated;
    });
}
