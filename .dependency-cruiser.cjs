// The rooms of docs/architecture.md as rules; `npm run check:imports` runs them and fails when a file goes unseen.
const { COMPOSITION_ROOTS, OUTSIDE, ROOM_IMPORTS, TOP_LEVEL } = require('./cli/lib/import-rules.ts')

/** The pattern of a folder, which ends with a slash, or of one file. */
const pattern = (path) => `^${path.replaceAll('.', '\\.')}${path.endsWith('/') ? '' : '$'}`

const ROOMS = Object.keys(ROOM_IMPORTS).map((room) => pattern(`${room}/`))
const CONFIG = pattern('config/')
const PROGRAM = [...ROOMS, ...TOP_LEVEL.map(pattern)]
const ROOTS = [...COMPOSITION_ROOTS.map(pattern), pattern('cli/')]
/** A root as well, but of a program that knows nothing of the mall. */
const SANDBOX_ROOT = pattern('sandbox/server.ts')

const roomRules = ([name, { values = [], types = [] }]) => [
  {
    name: `${name}-keeps-to-its-imports`,
    severity: 'error',
    from: { path: pattern(`${name}/`), pathNot: ROOTS },
    to: { path: PROGRAM, pathNot: [`${name}/`, ...values, ...types].map(pattern) },
  },
  ...(types.length === 0
    ? []
    : [
        {
          name: `${name}-imports-these-as-types-only`,
          severity: 'error',
          from: { path: pattern(`${name}/`), pathNot: ROOTS },
          to: { path: types.map(pattern), dependencyTypesNot: ['type-only'] },
        },
      ]),
]

module.exports = {
  forbidden: [
    ...Object.entries(ROOM_IMPORTS)
      .filter(([, imports]) => imports !== 'anything')
      .flatMap(roomRules),
    {
      name: 'only-composition-roots-read-config',
      severity: 'error',
      from: { path: ROOMS, pathNot: [...ROOTS, SANDBOX_ROOT, CONFIG] },
      to: { path: CONFIG, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-config-imports-its-parts',
      severity: 'error',
      from: { pathNot: CONFIG },
      to: { path: CONFIG, pathNot: pattern('config/index.ts') },
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
      from: { path: PROGRAM },
      to: { path: OUTSIDE.map((folder) => pattern(`${folder}/`)) },
    },
    {
      name: 'no-development-package-at-run-time',
      comment: 'The image holds what npm ci --omit=dev installs.',
      severity: 'error',
      from: { path: PROGRAM, pathNot: pattern('cli/check-imports.ts') },
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
