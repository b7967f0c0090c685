/** A quota of machine types that are counted together. */
export interface Family {
  /** As usages and SKUs name it, e.g. `Standard NCASv3_T4 Family`. */
  readonly name: string;
  /** As `az vm list-usage` prints it, e.g. `Standard NCASv3_T4 Family vCPUs`. */
  readonly localizedName: string;
}

/** Names as `az vm list-usage` and `az vm list-skus` print them, where no rule gives them. */
const named: readonly (readonly [RegExp, string, string])[] = [
  [/^B\d+m?s$/, 'standardBSFamily', 'Standard BS Family vCPUs'],
  [/^NC\d+as_T4_v3$/, 'Standard NCASv3_T4 Family', 'Standard NCASv3_T4 Family vCPUs'],
  [/^NC\d+ads_A100_v4$/, 'StandardNCADSA100v4Family', 'Standard NCADS_A100_v4 Family vCPUs'],
  [/^NC\d+adi?s_H100_v5$/, 'StandardNCadsH100v5Family', 'Standard NCadsH100v5 Family vCPUs'],
  [/^NCC\d+ads_H100_v5$/, 'StandardNCCads2023Family', 'Standard NCCads2023 Family vCPUs'],
  [/^ND\d+asr_v4$/, 'Standard NDASv4_A100 Family', 'Standard NDASv4_A100 Family vCPUs'],
  [/^ND\d+amsr_A100_v4$/, 'Standard NDAMSv4_A100Family', 'Standard NDAMSv4_A100Family vCPUs'],
  [/^ND\d+isr_H100_v5$/, 'standardNDSH100v5Family', 'Standard NDSH100v5 Family vCPUs'],
  [/^ND\d+isr_H200_v5$/, 'standardNDISRH200V5Family', 'Standard NDISRH200V5 Family vCPUs'],
  [/^NV\d+adm?s_A10_v5$/, 'StandardNVADSA10v5Family', 'Standard NVADSA10v5 Family vCPUs'],
  [/^NG\d+adm?s_V620_v1$/, 'StandardNGADSV620v1Family', 'Standard NGADSV620v1 Family vCPUs'],
];

/** The family of a size, e.g. of `Standard_D4s_v5`: `standardDSv5Family`. */
export function familyOf(size: string): Family {
  const body = size.replace(/^Standard_/i, '');
  const known = named.find(([pattern]) => pattern.test(body));
  if (known !== undefined) return { name: known[1], localizedName: known[2] };
  const [, letters = body, before = '', , after = '', version = ''] =
    /^([A-Z]+)(S?)(\d+)([a-z]*)(?:_(v\d+))?$/.exec(body) ?? [];
  // The r of RDMA is of the size and not of the family: ND40rs_v2 is of NDSv2.
  const family = `${letters}${before}${after.replace('r', '').toUpperCase()}${version}`;
  return { name: `standard${family}Family`, localizedName: `Standard ${family} Family vCPUs` };
}

/** What all machines of a region count against, beside their family. */
export const regional: Family = { name: 'cores', localizedName: 'Total Regional vCPUs' };

/** What spot machines count against, instead of both. */
export const lowPriority: Family = { name: 'lowPriorityCores', localizedName: 'Total Regional Spot vCPUs' };
