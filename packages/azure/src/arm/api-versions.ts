/** The api-version that each part of Azure is called with. */
export const apiVersions = {
  authorization: '2022-04-01',
  compute: '2024-11-01',
  computeSkus: '2021-07-01',
  containerRegistry: '2023-07-01',
  containerService: '2026-06-01',
  managedIdentity: '2023-01-31',
  resources: '2024-11-01',
  subscriptions: '2022-12-01',
} as const;
