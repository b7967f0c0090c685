/** Where a value lies in an object: map keys and list indices from the root. */
export type Path = readonly (string | number)[];

/** `['inference', 'adapters', 0, 'strength']` → `inference.adapters[0].strength`; keys that are not plain words are quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The inverse of `formatPath`. Text that is no path is taken as one key. */
export function parsePath(text: string): Path {
  const steps: (string | number)[] = [];
  const step = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return [text];
    if (match[1] !== undefined) steps.push(match[1]);
    else if (match[2] !== undefined) steps.push(Number(match[2]));
    else {
      try {
        steps.push(String(JSON.parse(match[3]!)));
      } catch {
        return [text];
      }
    }
  }
  return steps;
}

/** The value at `path`, or undefined where there is none. Own properties only. */
export function valueAt(object: unknown, path: Path): unknown {
  let value = object;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
