import type { Finding } from '@kaito/api';
import { isMap, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import type { CatalogExtension } from './extension.ts';
import { extensionSchema } from './schema.ts';

export interface ExtensionRead {
  /** The entries that are valid; empty where the text is not. */
  readonly extension: CatalogExtension;
  readonly findings: readonly Finding[];
}

export interface ExtensionOrigin {
  readonly file?: string;
}

/** Larger than any catalog, smaller than what would stall a process. */
const maxBytes = 10_000_000;

interface Place {
  readonly file?: string;
  readonly lineOffset: number;
}

function remedyFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `Remove ${issue.keys.map((key) => `"${key}"`).join(', ')}, or mend the spelling.`;
  return 'Mend the field; the catalog page of the documentation lists what each one takes.';
}

function dotted(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/** The deepest node along the path that exists: a missing field is reported where its object stands. */
function nodeAt(root: Node | null, path: readonly PropertyKey[]): Node | null {
  let node: Node | null = root;
  for (const part of path) {
    const next: unknown =
      node && 'get' in node ? (node as { get(key: unknown, keepScalar: boolean): unknown }).get(part, true) : undefined;
    if (typeof next !== 'object' || next === null) break;
    node = next as Node;
  }
  return node;
}

/** The `data` of a ConfigMap: each value is a catalog file of its own. */
function configMapParts(root: Node | null): { text: string; line: (lines: LineCounter) => number }[] | undefined {
  if (!isMap(root) || root.get('kind') !== 'ConfigMap') return undefined;
  const data = root.get('data');
  if (!isMap(data)) return [];
  return data.items.flatMap(({ value }) => {
    if (!isScalar(value) || typeof value.value !== 'string') return [];
    const start = value.range?.[0] ?? 0;
    const block = value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED';
    return [{ text: value.value, line: (lines: LineCounter) => lines.linePos(start).line - (block ? 0 : 1) }];
  });
}

/** The document's value; undefined where its aliases cannot be resolved or exceed the parser's limit of expansions. */
function valueOf(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

function parseText(
  text: string,
  place: Place,
  depth: number,
): { parts: z.infer<typeof extensionSchema>[]; findings: Finding[] } {
  const at = (lines: LineCounter, offset: number | undefined) => {
    if (offset === undefined) return {};
    const { line, col } = lines.linePos(offset);
    return { line: line + place.lineOffset, column: col };
  };
  const file = place.file === undefined ? {} : { file: place.file };
  const lines = new LineCounter();
  const parts: z.infer<typeof extensionSchema>[] = [];
  const findings: Finding[] = [];
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  for (const document of Array.isArray(documents) ? documents : []) {
    const [broken] = document.errors;
    if (broken) {
      findings.push({
        code: 'InvalidYaml',
        severity: 'error',
        message: `The catalog file is not valid YAML: ${broken.message}.`,
        remedy: 'Mend the syntax there.',
        ...file,
        ...at(lines, broken.pos[0]),
      });
      continue;
    }
    const root = document.contents;
    if (root === null || (isScalar(root) && root.value === null)) continue;
    const nested = depth === 0 ? configMapParts(root) : undefined;
    if (nested) {
      for (const { text: inner, line } of nested) {
        const read = parseText(inner, { ...file, lineOffset: line(lines) }, depth + 1);
        parts.push(...read.parts);
        findings.push(...read.findings);
      }
      continue;
    }
    const value = valueOf(document);
    if (value === undefined) {
      findings.push({
        code: 'InvalidYaml',
        severity: 'error',
        message: 'The YAML aliases of the catalog file refer to nothing, or expand to far more than is written.',
        remedy: 'Write the values out.',
        ...file,
      });
      continue;
    }
    const result = extensionSchema.safeParse(value);
    if (result.success) parts.push(result.data);
    else {
      for (const issue of result.error.issues) {
        const code = issue.code === 'unrecognized_keys' ? 'UnknownField' : 'InvalidCatalogEntry';
        const path = dotted(issue.path);
        findings.push({
          code,
          severity: 'error',
          message: `${path || 'The catalog file'}: ${issue.message}.`,
          remedy: remedyFor(issue),
          path,
          ...file,
          ...at(lines, nodeAt(root, issue.path)?.range?.[0]),
        });
      }
    }
  }
  return { parts, findings };
}

function duplicates(kind: string, names: readonly string[], file: Pick<Finding, 'file'>): Finding[] {
  const seen = new Set<string>();
  const twice = new Set(names.filter((name) => seen.size === seen.add(name).size));
  return [...twice].toSorted().map((name) => ({
    code: 'DuplicateCatalogEntry',
    severity: 'error',
    message: `The ${kind} "${name}" is described twice.`,
    remedy: 'Keep one of the two.',
    ...file,
  }));
}

/**
 * Reads a catalog file (YAML or JSON, one or several documents), or a ConfigMap whose `data` values are such files. All problems at
 * once, with line and column. Never throws. Codes: `InvalidYaml`, `UnknownField`, `InvalidCatalogEntry`, `DuplicateCatalogEntry`,
 * `CatalogFileTooLarge`. With an error the extension is empty: a catalog is taken whole or not at all.
 */
export function parseCatalogExtension(text: string, { file }: ExtensionOrigin = {}): ExtensionRead {
  const place = file === undefined ? {} : { file };
  const empty: CatalogExtension = { models: [], machines: [], prices: [], ...place };
  if (text.length > maxBytes) {
    return {
      extension: empty,
      findings: [
        {
          code: 'CatalogFileTooLarge',
          severity: 'error',
          message: `The catalog file has ${text.length} characters; at most ${maxBytes} are read.`,
          remedy: 'Split it.',
          ...place,
        },
      ],
    };
  }
  const { parts, findings } = parseText(text, { ...place, lineOffset: 0 }, 0);
  const extension = {
    models: parts.flatMap(({ models = [] }) => models),
    machines: parts.flatMap(({ machines = [] }) => machines),
    prices: parts.flatMap(({ prices = [] }) => prices),
    ...place,
  } as CatalogExtension;
  const all = [
    ...findings,
    ...duplicates(
      'model',
      extension.models.map(({ name }) => name),
      place,
    ),
    ...duplicates(
      'machine type',
      extension.machines.map(({ name }) => name.toLowerCase()),
      place,
    ),
    ...duplicates(
      'price of',
      extension.prices.map(({ machine }) => machine.toLowerCase()),
      place,
    ),
  ];
  return { extension: all.length > 0 ? empty : extension, findings: all };
}
