import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, LineCounter, Node } from 'yaml';
import { parsePath } from '../path.ts';
import type { Path } from '../path.ts';

/** 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A function from field paths to positions: the key of a map entry, the item of a list, else the nearest ancestor that is there. */
export function locator(document: Document.Parsed, lines: LineCounter): (path: string | Path) => Position {
  return (path) => {
    let node: unknown = document.contents;
    let offset = document.contents?.range?.[0] ?? 0;
    for (const step of typeof path === 'string' ? parsePath(path) : path) {
      const entry = child(isAlias(node) ? node.resolve(document) : node, step);
      if (entry === undefined) break;
      offset = entry.at.range?.[0] ?? offset;
      node = entry.value;
    }
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

function child(node: unknown, step: string | number): { at: Node; value: unknown } | undefined {
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return isNode(item) ? { at: item, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  return pair !== undefined && isNode(pair.key) ? { at: pair.key, value: pair.value } : undefined;
}
