import { globSync } from 'node:fs'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'

/**
 * `npm run check:imports`: holds the rules of `.dependency-cruiser.cjs` against every file of the program. The
 * tool passes when it can parse nothing, so a file or an import that it did not see is an error here.
 */
const ROOMS = 'domain db payments wallets activities workflows sandbox application api web cli'.split(' ')
const ALONE = ['worker.ts', 'config.ts']

const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs')
const { output } = await cruise([...ROOMS, ...ALONE], options)
const { modules, summary } = output as ICruiseResult

const files = [...globSync(`{${ROOMS.join(',')}}/**/*.{ts,tsx}`), ...ALONE]
const seen = new Set(modules.map(({ source }) => source))
const imports = modules.reduce((sum, { dependencies }) => sum + dependencies.length, 0)
const problems = [
  ...files
    .filter((file) => !seen.has(file))
    .map((file) => `${file} was not seen: is its language supported?`),
  ...(imports < files.length ? [`only ${imports} imports were seen in ${files.length} files`] : []),
  ...summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ')
    return `${rule.name}: ${from} → ${path}`
  }),
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${files.length} files, ${imports} imports, ${problems.length} problems\n`)
process.exitCode = problems.length > 0 ? 1 : 0
