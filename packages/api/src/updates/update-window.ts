import { type Cron, parseCron } from './cron.ts';

/** A time that comes again and again, e.g. every Saturday from 02:00 UTC for four hours. */
export interface UpdateWindow {
  readonly opens: Cron;
  readonly lengthMs: number;
}

/** Where a moment lies. `closesInMs`, `opensAt`: until and from when. */
export type Position =
  | { readonly open: true; readonly closesInMs: number }
  | { readonly open: false; readonly opensAt?: Date };

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestMs = 7 * units.d;

/**
 * Reads `0 2 * * 6 4h`: five fields of cron in UTC, and how long it stays open (minutes, hours, days, at most a week, e.g. `90m`, `1h30m`).
 * @throws SyntaxError
 */
export function parseUpdateWindow(text: string): UpdateWindow {
  const parts = text.trim().split(/\s+/);
  const duration = parts.pop() ?? '';
  if (!/^(\d{1,5}[mhd])+$/.test(duration)) {
    throw new SyntaxError(`"${text}" does not end with a duration; write it like "0 2 * * 6 4h"`);
  }
  const lengthMs = [...duration.matchAll(/(\d+)([mhd])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units],
    0,
  );
  if (lengthMs === 0 || lengthMs > longestMs) throw new SyntaxError(`${duration} is no duration between 1m and 7d`);
  return { opens: parseCron(parts.join(' ')), lengthMs };
}

/** Whether the window is open at `now`. It opens with the minute that its schedule names, and is closed again exactly its length later. */
export function positionIn({ opens, lengthMs }: UpdateWindow, now: Date): Position {
  const last = opens.previous(now);
  const closesInMs = last === undefined ? 0 : last.getTime() + lengthMs - now.getTime();
  if (closesInMs > 0) return { open: true, closesInMs };
  const opensAt = opens.next(now);
  return { open: false, ...(opensAt !== undefined && { opensAt }) };
}
