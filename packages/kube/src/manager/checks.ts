/** A named reason why a process may not be well; `check` says it in a sentence, or undefined when all is well. */
export interface Check {
  readonly name: string;
  readonly check: () => string | undefined;
}

export interface CheckAnswer {
  readonly status: 200 | 404 | 500;
  readonly body: string;
}

/**
 * The answer of `/healthz` and `/readyz` as Kubernetes' own components give it: `ok`, or with `verbose` and on failure one line per check.
 * `only` asks for one check by name; checks in `exclude` are left out.
 */
export function answerChecks(
  endpoint: string,
  checks: readonly Check[],
  asked: { readonly only?: string; readonly verbose?: boolean; readonly exclude?: readonly string[] } = {},
): CheckAnswer {
  const all: readonly Check[] = [{ name: 'ping', check: () => undefined }, ...checks];
  const chosen = asked.only === undefined ? all : all.filter(({ name }) => name === asked.only);
  if (chosen.length === 0) return { status: 404, body: `no check ${JSON.stringify(asked.only)}\n` };
  const excluded = new Set(asked.exclude);
  const lines: string[] = [];
  let failed = false;
  for (const { name, check } of chosen) {
    if (excluded.has(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    const reason = answerOf(check);
    if (reason !== undefined) failed = true;
    lines.push(reason === undefined ? `[+]${name} ok` : `[-]${name} failed: ${reason}`);
  }
  if (failed) return { status: 500, body: `${lines.join('\n')}\n${endpoint} check failed\n` };
  return { status: 200, body: asked.verbose === true ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok' };
}

function answerOf(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
