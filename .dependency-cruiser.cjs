// Data flows from left to right, imports only from right to left: a folder may import from itself and from those
// before it in this list.
const flow = ['fault', 'time', 'secret', 'process', 'source', 'trigger', 'decision', 'rollback', 'executor', 'verification',
  'incident', 'guard', 'drill', 'plot', 'report', 'notify', 'retention', 'store', 'config', 'scenario', 'backtest', 'setup', 'export', 'http', 'daemon', 'doctor', 'demo', 'cli', 'page'];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...flow.slice(0, -1).map((folder, index) => ({
      name: `${folder}-imports-only-leftwards`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(?:${flow.slice(index + 1).join('|')})/` },
    })),
    { name: 'only-known-folders', severity: 'error', from: { path: `^src/(?!(?:${flow.join('|')})/)[^/]+/` }, to: {} },
    { name: 'page-imports-only-what-a-browser-has', severity: 'error', from: { path: '^src/page/' }, to: { dependencyTypes: ['core'] } },
    { name: 'no-dev-dependencies', severity: 'error', from: { path: '^src', pathNot: '^src/page/' }, to: { dependencyTypes: ['npm-dev'] } },
    { name: 'no-undeclared', severity: 'error', from: {}, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
