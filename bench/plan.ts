/**
 * Time of one `plan()` in the core, for each of the examples and for a refusal, which also looks for alternatives over the whole catalog.
 * Run: `node bench/plan.ts [SECONDS PER ROW]`. The aim is under 1 ms.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalog } from '@kaito/catalog';
import { nothingKnown, plan, type Target } from '@kaito/planner';
import { parseWorkspaces, type Workspace } from '@kaito/api';

const seconds = Number(process.argv[2] ?? 1);
const catalog = loadCatalog();
const folder = join(import.meta.dirname, '../examples');

interface Case {
  readonly name: string;
  readonly workspace: Workspace;
  readonly target: Target;
}

const cases: Case[] = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .toSorted()
  .map((file) => {
    const [workspace] = parseWorkspaces(readFileSync(join(folder, file), 'utf8')).workspaces;
    if (workspace === undefined) throw new Error(`${file} holds no Workspace`);
    return { name: file, workspace, target: file === 'local.yaml' ? 'local' : 'cluster' };
  });
const seed = cases.find(({ name }) => name === 'seed.yaml');
if (seed !== undefined) {
  const resource = { ...seed.workspace.resource!, instanceType: 'Standard_NV6ads_A10_v5' };
  cases.push({ name: 'seed, refused on an A10 slice', workspace: { ...seed.workspace, resource }, target: 'cluster' });
}

const rows = cases.map(({ name, workspace, target }) => {
  const once = () => plan(workspace, catalog, nothingKnown, { target });
  const { admitted } = once();
  for (let i = 0; i < 200; i++) once();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < end;) {
    once();
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  times.sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)]! * 1000);
  return {
    plan: name,
    admitted,
    'mean µs': Math.round(mean * 1000),
    'p50 µs': at(0.5),
    'p99 µs': at(0.99),
    'plans/s': Math.round(1000 / mean),
  };
});
// oxlint-disable-next-line no-console
console.table(rows);
