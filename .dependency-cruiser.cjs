// Arrows go one way: api <- catalog <- planner <- diagnosis, oci <- weights; server imports nothing of KAITO.
const may = {
  api: [],
  catalog: ['api'],
  planner: ['api', 'catalog'],
  diagnosis: ['api', 'catalog', 'planner'],
  oci: [],
  weights: ['oci'],
  server: [],
  local: ['api', 'catalog', 'planner', 'diagnosis', 'weights'],
  cli: ['api', 'catalog', 'planner', 'diagnosis', 'oci', 'weights', 'local'],
};
const pure = ['api', 'catalog', 'planner', 'diagnosis'];

module.exports = {
  forbidden: [
    ...Object.entries(may).map(([name, allowed]) => ({
      name: `${name}-imports-only-${allowed.join('-') || 'itself'}`,
      severity: 'error',
      from: { path: `^packages/${name}/src` },
      to: { path: `^packages/(?!(${[name, ...allowed].join('|')})/)` },
    })),
    {
      name: 'the-core-is-pure',
      comment: 'No I/O in the pure packages: no Node built-in but node:crypto. Reading their own data files happens in load.ts.',
      severity: 'error',
      from: { path: `^packages/(${pure.join('|')})/src`, pathNot: '(\\.test\\.ts|/generate\\.ts|/load\\.ts|/data\\.ts)$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'packages-do-not-use-the-lab', severity: 'error', from: { path: '^packages/' }, to: { path: '^(lab|bench|tools)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    exclude: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
  },
};
