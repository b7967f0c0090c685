/** Api-versions of Resource Manager's own resources: groups, providers, lists. */
export const resourceVersions: readonly string[] = [
  '2018-05-01',
  '2019-07-01',
  '2020-06-01',
  '2020-10-01',
  '2021-01-01',
  '2021-04-01',
  '2022-09-01',
  '2023-07-01',
  '2024-03-01',
  '2024-07-01',
  '2024-11-01',
  '2025-03-01',
  '2025-04-01',
];
