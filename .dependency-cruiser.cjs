// The rooms of docs/architecture.md as rules. `npm run check:imports` also fails when fewer modules than
// expected are seen, because this tool exits 0 when it can parse nothing.
const rooms = 'workflows|activities|domain|db|payments|sandbox|application|api|web|cli'
/** A room may import itself and the rooms named; everything else inside the project is forbidden. */
const only = (from, to, extra = []) => ({
  name: `${from}-imports-only-${to.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: `^(${rooms})/|^(worker|config)\\.ts$`,
    pathNot: [`^${from}/`, ...to.map((room) => `^${room}/`), ...extra],
  },
})

/** Entry points: the only files that read the configuration. */
const roots =
  '^(worker\\.ts|api/server\\.ts|sandbox/server\\.ts|db/migrate\\.ts|cli/|tests/|bench/|chaos/|vitest\\.config\\.ts)'

module.exports = {
  forbidden: [
    only('domain', []),
    only('db', ['domain'], ['^config\\.ts$']),
    only('payments', ['domain']),
    only('activities', ['domain', 'db', 'payments']),
    only('workflows', ['domain', 'activities']),
    {
      name: 'workflows-import-activities-as-types-only',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-stay-deterministic',
      comment: 'Only the workflow SDK may enter the bundle.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: ['node_modules/@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'domain-uses-no-library',
      severity: 'error',
      from: { path: '^domain/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    only('application', ['domain', 'db'], ['^workflows/messages\\.ts$']),
    only('api', ['application', 'domain', 'payments', 'web'], ['^config\\.ts$', '^db/(client|health)\\.ts$']),
    only('web', ['application', 'domain']),
    only('sandbox', [], ['^domain/money\\.ts$', '^config\\.ts$']),
    {
      name: 'only-composition-roots-read-config',
      severity: 'error',
      from: { path: `^(${rooms})/`, pathNot: [roots] },
      to: { path: '^config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.data)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
