import { admitted, type Finding } from '@kaito/api';
import { type Catalog, extendCatalog } from '@kaito/catalog';
import { parseCatalogExtension } from '@kaito/catalog/extension-parser';
import { Failure } from '../failure.ts';
import { readSources } from '../workspace/manifest.ts';

/** The catalog with the files of `--catalog` over it, one after the other. Throws a Failure that holds every problem of all files. */
export async function extended(
  catalog: Catalog,
  files: readonly string[],
): Promise<{ readonly catalog: Catalog; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  let whole = catalog;
  for (const { file, text } of await readSources(files)) {
    const read = parseCatalogExtension(text, { file });
    const merged = extendCatalog(whole, read.extension);
    whole = merged.catalog;
    findings.push(...read.findings, ...merged.findings);
  }
  if (!admitted(findings)) throw new Failure(findings);
  return { catalog: whole, findings };
}
