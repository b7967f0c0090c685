import { LineCounter, parseAllDocuments } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import type { Finding } from '../finding.ts';
import type { Path } from '../path.ts';
import { locator } from './locate.ts';
import type { Position } from './locate.ts';
import { kubernetesScalars } from './scalars.ts';
import { shapeProblem } from './shape.ts';

/** The largest manifest that is read, bytes: the API server's own bound on an object in etcd is 1.5 MiB. */
export const maxManifestBytes = 1024 * 1024;

/** More syntax errors than this in one file are not told. */
const maxSyntaxErrors = 20;

/** One document of a YAML or JSON text. */
export interface ParsedDocument {
  readonly object: unknown;
  /** `kind`, where the object has one. */
  readonly kind?: string;
  /** The place of a field, by path (`resource.count`, or its steps): 1-based, the nearest ancestor where the field is absent. */
  readonly locate: (path: string | Path) => Position;
}

export interface ParsedDocuments {
  /** Documents without syntax errors; empty ones left out. */
  readonly documents: ParsedDocument[];
  readonly findings: Finding[];
}

/**
 * Reads YAML (1.2 with merge keys, and with YAML 1.1's booleans and integers, as kubectl reads them) or JSON, one or several documents. Never
 * throws: each syntax error is one Finding with code `InvalidYAML`, line and column; a text beyond 1 MiB is one with `TooLarge`.
 */
export function parseDocuments(text: string, options: { file?: string } = {}): ParsedDocuments {
  const where = options.file === undefined ? {} : { file: options.file };
  const bytes = Buffer.byteLength(text);
  if (bytes > maxManifestBytes) {
    const finding: Finding = {
      code: 'TooLarge',
      severity: 'error',
      message: `The manifest has ${bytes} bytes; at most ${maxManifestBytes} are read.`,
      remedy: 'Split it, one Workspace to a file.',
      ...where,
    };
    return { documents: [], findings: [finding] };
  }
  const lines = new LineCounter();
  const documents: ParsedDocument[] = [];
  const findings: Finding[] = [];
  const report = (message: string, remedy: string, offset: number): void => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    if (findings.length < maxSyntaxErrors) {
      const position = { line: Math.max(line, 1), column: Math.max(col, 1) };
      findings.push({ code: 'InvalidYAML', severity: 'error', message, remedy, ...where, ...position });
    }
  };
  for (const document of parsed(text, lines, report)) {
    if (document.errors.length > 0) {
      const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION');
      for (const error of exhausted === undefined ? document.errors : [exhausted]) {
        report(...describeError(error, text), error.pos[0]);
      }
      continue;
    }
    const offset = document.contents?.range?.[0] ?? 0;
    try {
      const object: unknown = document.toJS({ maxAliasCount: 100 });
      if (object === null || object === undefined) continue;
      const problem = shapeProblem(object);
      if (problem === undefined) documents.push(parsedDocument(document, object, lines));
      else report(problem.message, problem.remedy, offset);
    } catch (error) {
      report(`An alias cannot be resolved: ${(error as Error).message}`, 'Write the value out.', offset);
    }
  }
  return { documents, findings };
}

type Report = (message: string, remedy: string, offset: number) => void;

function parsed(text: string, lines: LineCounter, report: Report): Document.Parsed[] {
  // JSON allows tabs between tokens and none inside a string; as spaces they keep every position.
  const source = /^\s*[[{]/.test(text) ? text.replaceAll('\t', ' ') : text;
  try {
    const documents = parseAllDocuments(source, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      logLevel: 'silent',
      customTags: (tags) => [...kubernetesScalars, ...tags],
    });
    return Array.isArray(documents) ? documents : [];
  } catch {
    report('The text is nested too deeply to be read.', 'Flatten it.', 0);
    return [];
  }
}

function parsedDocument(document: Document.Parsed, object: unknown, lines: LineCounter): ParsedDocument {
  const kind = (object as { kind?: unknown }).kind;
  const locate = locator(document, lines);
  return typeof kind === 'string' ? { object, kind, locate } : { object, locate };
}

/** Message and remedy. */
function describeError(error: YAMLError, text: string): [string, string] {
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1, error.pos[0] + 1);
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return ['A tab is used as indentation.', 'Indent with spaces.'];
    case 'DUPLICATE_KEY': {
      const key = /^[\w.$/-]+/.exec(text.slice(error.pos[0]))?.[0];
      return [`The key${key === undefined ? '' : ` ${key}`} is given twice in one map.`, 'Keep one of them.'];
    }
    case 'RESOURCE_EXHAUSTION':
      return ['The text is nested too deeply to be read.', 'Flatten it.'];
    case 'BAD_INDENT':
      return [`The indentation is wrong: ${sentence(error)}`, 'Line the fields of one map up with each other.'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['There is a second ": " on one line.', 'Put the value in quotes, or break the line.'];
    case 'MISSING_CHAR':
      return [sentence(error), 'Close the quote or bracket, or separate the items.'];
    default:
      return [
        sentence(error),
        `Check the line${line.trim() === '' ? '' : ` at ${JSON.stringify(line.trim().slice(0, 60))}`}.`,
      ];
  }
}

function sentence(error: YAMLError): string {
  const message = error.message.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
