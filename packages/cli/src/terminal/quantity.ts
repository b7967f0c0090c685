const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes for people: binary units, one decimal from KiB on (`93.8 MiB`), `-` sign kept. */
export function bytes(count: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(Math.abs(count), 1)) / 10), binary.length - 1);
  // 1023.96 KiB would print as 1024.0 KiB: such a figure belongs to the next unit.
  const rounds =
    Math.abs(count) / 1024 ** power >= 1023.95 && power > 0 && power < binary.length - 1 ? power + 1 : power;
  const figure = count / 1024 ** rounds;
  return `${rounds === 0 ? Math.round(figure) : figure.toFixed(1)} ${binary[rounds]}`;
}

/** A length of time as kubectl's AGE column shows it, from seconds: `45s`, `2m5s`, `12m`, `3h5m`, `11h`, `2d3h`, `90d`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 === 0 ? `${minutes}m` : `${minutes}m${whole % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  return `${days}d`;
}

/** Like {@link duration}, with one decimal below ten seconds: `0.4s`, `9.5s`, `12s`. */
export function elapsed(seconds: number): string {
  return seconds < 9.95 ? `${Math.max(0, seconds).toFixed(1)}s` : duration(seconds);
}

/** Age at `now` (ms since the epoch) of an RFC 3339 time; `<unknown>` where there is none, as kubectl writes. */
export function age(since: string | undefined, now: number): string {
  const start = since == null ? Number.NaN : Date.parse(since);
  return Number.isNaN(start) ? '<unknown>' : duration((now - start) / 1000);
}

/** An hourly price: `4.35 USD/h`. */
export function price(value: { readonly amount: number; readonly currency: string } | undefined): string {
  return value == null ? 'unknown' : `${value.amount.toFixed(2)} ${value.currency}/h`;
}

/** Parameters of a model: `135M`, `7.2B`. */
export function parameters(count: number): string {
  if (count >= 1e9) return `${trim(count / 1e9)}B`;
  return `${trim(count / 1e6)}M`;
}

const trim = (figure: number) => (figure >= 99.95 ? figure.toFixed(0) : figure.toFixed(1).replace(/\.0$/, ''));
