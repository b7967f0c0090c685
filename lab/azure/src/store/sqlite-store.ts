import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Resource, Store, Table } from './store.ts';

/** Case does not tell resources apart; nor does a slash at the end. */
export function resourceKey(id: string): string {
  return id.toLowerCase().replace(/\/+$/, '');
}

export interface ClosableStore extends Store {
  close(): void;
}

/**
 * Keeps everything in memory and writes each change through to `state.sqlite` in the directory before it returns; without a directory nothing is
 * written. A killed process loses nothing: SQLite's log is with the system after each statement.
 */
export function openStore(directory: string | undefined): ClosableStore {
  if (directory !== undefined) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(directory === undefined ? ':memory:' : join(directory, 'state.sqlite'));
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;' +
      'CREATE TABLE IF NOT EXISTS entry (part TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (part, key)) WITHOUT ROWID',
  );
  const write = database.prepare('INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const remove = database.prepare('DELETE FROM entry WHERE part = ? AND key = ?');
  const read = database.prepare('SELECT key, value FROM entry WHERE part = ?');
  const parts = new Map<string, Map<string, unknown>>();

  function part(name: string): Map<string, unknown> {
    let content = parts.get(name);
    if (content === undefined) {
      content = new Map(
        read.all(name).map(({ key, value }) => [key as string, JSON.parse(value as string) as unknown]),
      );
      parts.set(name, content);
    }
    return content;
  }

  function table<T>(name: string): Table<T> {
    const content = part(name) as Map<string, T>;
    return {
      get: (key) => content.get(key),
      put(key, value) {
        const text = JSON.stringify(value);
        write.run(name, key, text);
        // A copy, so that nobody changes the state by changing what was put.
        content.set(key, JSON.parse(text) as T);
      },
      delete(key) {
        remove.run(name, key);
        content.delete(key);
      },
      entries: () => [...content],
    };
  }

  const resources = table<Resource>('resources');
  return {
    get: (id) => resources.get(resourceKey(id)),
    put: (resource) => resources.put(resourceKey(resource.id), resource),
    delete: (id) => resources.delete(resourceKey(id)),
    list(prefix, type) {
      const beginning = `${resourceKey(prefix)}/`;
      const wanted = type?.toLowerCase();
      return resources
        .entries()
        .filter(
          ([key, { type }]) => key.startsWith(beginning) && (wanted === undefined || type.toLowerCase() === wanted),
        )
        .map(([, resource]) => resource);
    },
    table,
    close: () => database.close(),
  };
}
