import { type Catalog, loadCatalog } from '@kaito/catalog';
import { hostFacts } from '@kaito/local';
import { type Facts, nothingKnown, plan, type Plan, type PlanOptions } from '@kaito/planner';
import { blocks } from '../failure.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { located, type Manifest } from '../workspace/manifest.ts';

/** Flags that shape a Plan, as `up` and `plan` share them. */
export interface PlanFlags {
  readonly quantised?: boolean;
  readonly quantisation?: string;
  readonly contextLength?: number;
  readonly parallel?: number;
  readonly overrideEstimate?: boolean;
}

/** The planner's options from flags. */
export function planOptions(target: PlanOptions['target'], flags: PlanFlags): PlanOptions {
  return {
    target,
    ...(flags.quantised == null ? {} : { quantisedEquivalent: flags.quantised }),
    ...(flags.quantisation == null ? {} : { quantisation: flags.quantisation }),
    ...(flags.contextLength == null ? {} : { contextLength: flags.contextLength }),
    ...(flags.parallel == null ? {} : { parallel: flags.parallel }),
    ...(flags.overrideEstimate == null ? {} : { overrideEstimate: flags.overrideEstimate }),
  };
}

/** What is known of this machine; of clusters and clouds nothing. */
export async function factsOfThisMachine(now: number): Promise<Facts> {
  return { ...nothingKnown, host: { state: 'known', value: await hostFacts(), asOf: new Date(now).toISOString() } };
}

/** The Plan of a manifest; its findings, and those of the validation, carry their place in the file. */
export function planOf(manifest: Manifest, catalog: Catalog, facts: Facts, options: PlanOptions): Plan {
  const made = plan(manifest.workspace, catalog, facts, options);
  return { ...made, findings: located([...manifest.findings, ...made.findings], manifest) };
}

/** The built-in catalog with the files of `--catalog` on top; what is notable about them goes to the error stream. Throws Failure. */
export async function catalogWith(files: readonly string[] | undefined, terminal: Terminal): Promise<Catalog> {
  const catalog = loadCatalog();
  if (files == null) return catalog;
  const { extended } = await import('./catalog-files.ts');
  const { catalog: whole, findings } = await extended(catalog, files);
  terminal.err(blocks(findings, terminal.errStyle));
  return whole;
}
