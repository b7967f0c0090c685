import { type Assessment, type Evidence, type PhaseEvidence, type ProcessEvidence, assess } from '@kaito/diagnosis';
import type { PhaseName } from '@kaito/planner';
import { withStatus } from '../read.ts';
import { hasCode, writeJson } from '../state/atomic-file.ts';
import type { StatusRecord, Wanted } from '../state/record.ts';
import { statusIntervalMs } from './timing.ts';

/**
 * Gathers the evidence and keeps `status.json` in step with it: soon after each change, at most four times a second, and once a second
 * while the Workspace is not Ready, since time alone can change the cause.
 */
export class StatusKeeper {
  readonly #path: string;
  readonly #wanted: Wanted;
  readonly #now: () => Date;
  readonly #report: (message: string) => void;
  readonly #phases = new Map<PhaseName, PhaseEvidence>();
  readonly #tick: NodeJS.Timeout;
  #process: ProcessEvidence = { restarts: 0 };
  #deleting = false;
  #ended: StatusRecord['ended'];
  #assessment: Assessment | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    wanted: Wanted,
    previous: StatusRecord | undefined,
    now: () => Date,
    report: (message: string) => void,
  ) {
    this.#path = path;
    this.#wanted = wanted;
    this.#now = now;
    this.#report = report;
    if (previous !== undefined && previous.inputsHash === wanted.plan.inputsHash)
      this.#assessment = previous.assessment;
    this.#tick = setInterval(() => {
      if (this.#assessment?.state !== 'Ready') this.#soon();
    }, 1000);
  }

  get process(): ProcessEvidence {
    return this.#process;
  }

  /** Changes what is known of a phase; `undefined` removes a field. */
  phase(name: PhaseName, change: { [K in keyof PhaseEvidence]?: PhaseEvidence[K] | undefined }): void {
    this.#phases.set(name, without({ ...this.#phases.get(name), ...change, phase: name }) as unknown as PhaseEvidence);
    this.#soon();
  }

  /** Forgets phases that have to be gone through again. */
  forget(...names: readonly PhaseName[]): void {
    for (const name of names) this.#phases.delete(name);
    this.#soon();
  }

  /** Changes what is known of the process; `undefined` removes a field. */
  server(change: { [K in keyof ProcessEvidence]?: ProcessEvidence[K] | undefined }): void {
    this.#process = without({ ...this.#process, ...change }) as unknown as ProcessEvidence;
    this.#soon();
  }

  deleting(): void {
    this.#deleting = true;
    this.#soon();
  }

  #soon(): void {
    if (this.#ended !== undefined) return;
    this.#timer ??= setTimeout(() => void this.flush(), statusIntervalMs);
  }

  /** Writes now. A failure to write is reported, not thrown: the server goes on, and the next change tries again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  /** Writes the last status and stops. */
  async end(ended: NonNullable<StatusRecord['ended']>): Promise<void> {
    this.#ended = ended;
    clearInterval(this.#tick);
    await this.flush();
  }

  async #write(): Promise<void> {
    const { workspace, plan } = this.#wanted;
    const now = this.#now();
    const evidence: Evidence = {
      phases: [...this.#phases.values()],
      process: this.#process,
      supervisor: this.#ended === 'stopped' ? 'gone' : 'running',
      ...(this.#deleting && { deleting: true }),
    };
    const before = this.#assessment;
    this.#assessment = assess(withStatus(workspace, before), plan, evidence, now, before?.conditions ?? []);
    if (before?.rootCause?.code !== this.#assessment.rootCause?.code || before?.state !== this.#assessment.state) {
      const { state, rootCause, endpoint } = this.#assessment;
      this.#report(`${state}: ${rootCause === undefined ? `serving at ${endpoint}` : rootCause.message}`);
    }
    const record: StatusRecord = {
      generation: workspace.metadata.generation ?? 0,
      inputsHash: plan.inputsHash,
      updatedAt: now.toISOString(),
      evidence,
      assessment: this.#assessment,
      ...(this.#ended !== undefined && { ended: this.#ended }),
    };
    try {
      await writeJson(this.#path, record);
    } catch (error) {
      if (!hasCode(error, 'ENOENT'))
        this.#report(`status not written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function without(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
