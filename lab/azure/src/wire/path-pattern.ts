/** A path with names in braces, taken apart. */
export interface PathPattern {
  /** Small letters, except where a name in braces stands. */
  readonly segments: readonly string[];
  /** `{scope+}` stands at its beginning: any number of segments, none too. */
  readonly scoped: boolean;
  /** How many segments are fixed. */
  readonly literals: number;
}

const parts = (path: string): string[] => path.split('/').filter((segment) => segment !== '');
const isName = (segment: string): boolean => segment.startsWith('{');

export function pathPattern(path: string): PathPattern {
  const all = parts(path);
  const scoped = all[0] === '{scope+}';
  const segments = (scoped ? all.slice(1) : all).map((segment) => (isName(segment) ? segment : segment.toLowerCase()));
  return { segments, scoped, literals: segments.filter((segment) => !isName(segment)).length };
}

/** What stands in the braces, decoded, or undefined where the path does not fit. Case does not count. */
export function matchPath(pattern: PathPattern, path: string): Record<string, string> | undefined {
  const given = parts(path);
  const before = given.length - pattern.segments.length;
  if (before < 0 || (!pattern.scoped && before > 0)) return undefined;
  const parameters: Record<string, string> = pattern.scoped ? { scope: `/${given.slice(0, before).join('/')}` } : {};
  for (const [index, segment] of pattern.segments.entries()) {
    const value = given[before + index]!;
    if (isName(segment)) parameters[segment.slice(1, -1)] = value;
    else if (segment !== value.toLowerCase()) return undefined;
  }
  return parameters;
}
