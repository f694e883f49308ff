// The rooms of docs/architecture.md as rules; `npm run check:imports` runs them and fails when a file goes unseen.
const ROOMS = 'workflows|activities|domain|db|payments|wallets|sandbox|application|api|web|cli'
const OUTSIDE_THE_PROGRAM = '^(tests|bench|chaos)/'
/** They put the parts together: only they may import any room and read the configuration. */
const COMPOSITION_ROOTS = ['^worker\\.ts$', '^api/server\\.ts$', '^db/migrate\\.ts$', '^cli/']
/** A root as well, but of a program that knows nothing of the mall. */
const SANDBOX_ROOT = '^sandbox/server\\.ts$'

/**
 * A room may import itself and what is named here, some of it as types only. Everything else inside the
 * project is forbidden to it.
 */
const room = (name, { values = [], types = [] } = {}) => [
  {
    name: `${name}-keeps-to-its-imports`,
    severity: 'error',
    from: { path: `^${name}/`, pathNot: COMPOSITION_ROOTS },
    to: {
      path: `^(${ROOMS})/|^(worker|config)\\.ts$`,
      pathNot: [`^${name}/`, ...values, ...types],
    },
  },
  ...(types.length === 0
    ? []
    : [
        {
          name: `${name}-imports-these-as-types-only`,
          severity: 'error',
          from: { path: `^${name}/`, pathNot: COMPOSITION_ROOTS },
          to: { path: types, dependencyTypesNot: ['type-only'] },
        },
      ]),
]

module.exports = {
  forbidden: [
    ...room('domain'),
    ...room('db', { values: ['^domain/'] }),
    ...room('payments', { values: ['^domain/'] }),
    ...room('wallets', { values: ['^domain/'] }),
    ...room('activities', { values: ['^domain/', '^db/', '^payments/', '^wallets/'] }),
    ...room('workflows', { values: ['^domain/'], types: ['^activities/'] }),
    ...room('application', {
      values: ['^domain/', '^db/', '^workflows/messages\\.ts$'],
      types: ['^wallets/port\\.ts$'],
    }),
    ...room('api', {
      values: ['^domain/', '^application/', '^payments/', '^web/'],
      types: ['^db/', '^workflows/messages\\.ts$', '^config\\.ts$'],
    }),
    ...room('web', { values: ['^domain/', '^application/'] }),
    ...room('sandbox', { values: ['^domain/money\\.ts$', '^config\\.ts$'] }),
    {
      name: 'only-composition-roots-read-config',
      severity: 'error',
      from: { path: `^(${ROOMS})/`, pathNot: [...COMPOSITION_ROOTS, SANDBOX_ROOT] },
      to: { path: '^config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'config-imports-no-room',
      severity: 'error',
      from: { path: '^config\\.ts$' },
      to: { path: `^(${ROOMS})/|^worker\\.ts$` },
    },
    {
      name: 'domain-uses-no-library',
      severity: 'error',
      from: { path: '^domain/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'] },
    },
    {
      name: 'workflows-stay-deterministic',
      comment: 'What they import ends up in the bundle: only the SDK for workflows may.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: ['node_modules/@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-program-imports-no-test',
      severity: 'error',
      from: { path: `^(${ROOMS})/|^(worker|config)\\.ts$` },
      to: { path: OUTSIDE_THE_PROGRAM },
    },
    {
      name: 'no-development-package-at-run-time',
      comment: 'The image holds what npm ci --omit=dev installs.',
      severity: 'error',
      from: { path: `^(${ROOMS})/|^(worker|config)\\.ts$`, pathNot: ['^cli/check-imports\\.ts$'] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'every-import-resolves',
      comment: 'A path that leads nowhere matches none of the rules above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-circle',
      comment: 'Nor one of types alone: its modules can only be read together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^\\.data' },
    tsPreCompilationDeps: true,
    // The compiler of TypeScript 7 has no interface for JavaScript, so swc reads the sources.
    parser: 'swc',
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
