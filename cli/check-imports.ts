import { globSync, readFileSync } from 'node:fs'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import { OUTSIDE, ROOM_IMPORTS, TOP_LEVEL, tableProblems } from './lib/import-rules.ts'

/** dependency-cruiser passes when it can parse nothing, so a file or import that it does not see is an error here. */
const NOT_OURS = new Set(['node_modules', '.data', 'coverage', ...OUTSIDE])
const TOOLS = ['vitest.config.ts']

const files = globSync('**/*.{ts,tsx}', { exclude: (name) => NOT_OURS.has(name) })
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs')
const { output } = await cruise(files, options)
const { modules, summary } = output as ICruiseResult

const seen = new Set(modules.map(({ source }) => source))
const imports = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0)
const problems = [
  ...files
    .filter((file) => !seen.has(file))
    .map((file) => `${file} was not seen: is its language supported?`),
  ...files
    .filter((file) => ![...TOP_LEVEL, ...TOOLS].includes(file))
    .filter((file) => !file.includes('/') || !Object.hasOwn(ROOM_IMPORTS, file.split('/')[0] ?? ''))
    .map((file) => `${file} is in no room: cli/lib/import-rules.ts names them`),
  ...(imports < files.length ? [`only ${imports} imports were seen in ${files.length} files`] : []),
  ...summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ')
    return `${rule.name}: ${from} → ${path}`
  }),
  ...tableProblems(readFileSync('docs/architecture.md', 'utf8')),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${files.length} files, ${imports} imports, ${problems.length} problems\n`)
process.exitCode = problems.length > 0 ? 1 : 0
