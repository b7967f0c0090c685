/** A schedule of five fields in UTC: minute, hour, day of the month, month, day of the week (0 and 7: Sunday). */
export interface Cron {
  /** The first minute at or after `from` that the schedule names; undefined where there is none in the years after. */
  next(from: Date): Date | undefined;
  /** The last one at or before `until`; undefined where there is none in the years before. */
  previous(until: Date): Date | undefined;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of the month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', least: 0, most: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const dayMs = 86_400_000;
/** The longest gap of a schedule that has any: from one 29 February to the next over a year that is none, 1896 to 1904 and alike. */
const horizonDays = 9 * 366;

/**
 * Reads an expression as cron(8) does: `*`, numbers, English names of months and days, ranges, steps and lists; where both days are restricted,
 * either may hold. @throws SyntaxError with the field that cannot be read.
 */
export function parseCron(expression: string): Cron {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    throw new SyntaxError(
      `"${expression}" has ${parts.length} fields, not the five of minute, hour, day, month, weekday`,
    );
  }
  const [minutes, hours, days, months, weekdays] = parts.map((part, at) => valuesOf(part, fields[at]!)) as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  if (weekdays.has(7)) weekdays.add(0);
  const anyDay = parts[2]!.startsWith('*');
  const anyWeekday = parts[4]!.startsWith('*');
  const times = [...hours]
    .toSorted((a, b) => a - b)
    .flatMap((hour) => [...minutes].toSorted((a, b) => a - b).map((minute) => (hour * 60 + minute) * 60_000));
  const names = (day: Date): boolean => {
    if (!months.has(day.getUTCMonth() + 1)) return false;
    const [ofMonth, ofWeek] = [days.has(day.getUTCDate()), weekdays.has(day.getUTCDay())];
    return anyDay || anyWeekday ? ofMonth && ofWeek : ofMonth || ofWeek;
  };
  const find = (start: number, direction: 1 | -1): Date | undefined => {
    let day = Math.floor(start / dayMs) * dayMs;
    for (let count = 0; count <= horizonDays; count += 1, day += direction * dayMs) {
      if (!names(new Date(day))) continue;
      const time =
        direction === 1 ? times.find((each) => day + each >= start) : times.findLast((each) => day + each <= start);
      if (time !== undefined) return new Date(day + time);
    }
    return undefined;
  };
  return { next: (from) => find(from.getTime(), 1), previous: (until) => find(until.getTime(), -1) };
}

function valuesOf(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step, ...rest] = part.split('/');
    const [from, to, ...more] =
      range === '*' ? [field.least, field.most] : range.split('-').map((at) => one(at, field));
    const every = step === undefined ? 1 : /^\d+$/.test(step) ? Number(step) : 0;
    // As in cron: a number with a step means from there to the end.
    const last = to ?? (step === undefined ? from! : field.most);
    if (rest.length > 0 || more.length > 0 || every < 1 || last < from!) throw unreadable(text, field);
    for (let value = from!; value <= last; value += every) values.add(value);
  }
  return values;
}

function one(text: string, field: Field): number {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  const value = named >= 0 && text !== '' ? named : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.least && value <= field.most)) throw unreadable(text, field);
  return value;
}

function unreadable(text: string, { name, least, most }: Field): SyntaxError {
  return new SyntaxError(`"${text}" is no ${name}: write *, or numbers from ${least} to ${most}`);
}
