import type { Finding } from '@kaito/api';
import type { Plan } from './plan.ts';

export type Decision = Plan['decisions'][number];

/** What the planner has to say so far: each concern adds to it while it decides. Lives for one call of `plan`. */
export class Notes {
  readonly findings: Finding[] = [];
  readonly decisions: Decision[] = [];

  error(code: string, path: string, message: string, remedy?: string): void {
    this.#add('error', code, path, message, remedy);
  }

  warning(code: string, path: string, message: string, remedy?: string): void {
    this.#add('warning', code, path, message, remedy);
  }

  info(code: string, path: string, message: string, remedy?: string): void {
    this.#add('info', code, path, message, remedy);
  }

  /** `because` is one clause, without a full stop. */
  decide(about: string, choice: string, because: string): void {
    this.decisions.push({ about, choice, because });
  }

  #add(severity: Finding['severity'], code: string, path: string, message: string, remedy?: string): void {
    this.findings.push({
      code,
      severity,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(path === '' ? {} : { path }),
    });
  }
}
