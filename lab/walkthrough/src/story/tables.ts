/** A row of what `kubectl get` prints, by the names of its columns. */
export type Row = Readonly<Record<string, string>>;

/**
 * The rows of the tables in what `kubectl get` printed, also when several follow each other, or stand on the screen of `watch`.
 * A cell begins where its column's name does.
 */
export function tableRows(text: string): Row[] {
  const rows: Row[] = [];
  let columns: { readonly name: string; readonly start: number }[] = [];
  for (const line of text.split('\n')) {
    if (/^(?:NAMESPACE|NAME) {2,}/.test(line)) {
      columns = [...line.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], start: match.index }));
    } else if (line.trim() === '') columns = [];
    else if (columns.length > 0) {
      const cells = columns.map(({ name, start }, index) => [
        name,
        line.slice(start, columns[index + 1]?.start).trim(),
      ]);
      rows.push(Object.fromEntries(cells) as Row);
    }
  }
  return rows;
}

/** The rows of one kind, where `kubectl get` was asked for several and prints names as `node/NAME`. */
export function rowsOfKind(kind: string, text: string): Row[] {
  return tableRows(text).filter((row) => row['NAME']?.startsWith(`${kind}/`) === true);
}

/** Whether a pod's row says that all of its containers run and are ready. */
export function podRuns(row: Row): boolean {
  const [ready, all] = (row['READY'] ?? '').split('/');
  return row['STATUS'] === 'Running' && all !== undefined && all !== '0' && ready === all;
}
