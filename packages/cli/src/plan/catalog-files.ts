import { admitted, type Finding } from '@kaito/api';
import { type Catalog, type CatalogExtension, extendCatalog, findMachine, machinesFromSkuList } from '@kaito/catalog';
import { parseCatalogExtension } from '@kaito/catalog/extension-parser';
import { Failure } from '../failure.ts';
import { readSources } from '../workspace/manifest.ts';

/**
 * The catalog with the files of `--catalog` over it, one after the other: files of the catalog's own schema, or what
 * `az vm list-skus -o json` prints, from which sizes that the catalog does not have are learned. Throws a Failure that holds every problem of all files. */
export async function extended(
  catalog: Catalog,
  files: readonly string[],
): Promise<{ readonly catalog: Catalog; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  let whole = catalog;
  for (const { file, text } of await readSources(files)) {
    const read = text.trimStart().startsWith('[') ? learned(text, file, whole) : parseCatalogExtension(text, { file });
    const merged = extendCatalog(whole, read.extension);
    whole = merged.catalog;
    findings.push(...read.findings, ...merged.findings);
  }
  if (!admitted(findings)) throw new Failure(findings);
  return { catalog: whole, findings };
}

function learned(
  text: string,
  file: string,
  catalog: Catalog,
): { readonly extension: CatalogExtension; readonly findings: readonly Finding[] } {
  const { machines, findings } = machinesFromSkuList(text, catalog);
  const added = machines.filter(({ name }) => findMachine(catalog, name) === undefined);
  return {
    extension: { models: [], machines: added, prices: [], file },
    findings: findings.map((finding) => ({ ...finding, file })),
  };
}
