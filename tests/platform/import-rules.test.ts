import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tableProblems } from '../../cli/lib/import-rules.ts'

const document = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8')
const ROW = /^\| `payments\/` \|.*\n/m

test('the table of folders in docs/architecture.md matches the enforced import rules', () => {
  expect(document).toMatch(ROW)
  expect(tableProblems(document)).toEqual([])
})

test.each([
  [
    'a room with other imports',
    document.replace(/^(\| `web\/` .*)domain, i18n, application \|$/m, '$1domain, db |'),
  ],
  ['a room that is missing', document.replace(ROW, '')],
  ['a room that nothing is enforced for', document.replace(ROW, '$&| `queues/` | new | nothing |\n')],
])('the check finds %s', (_, changed) => {
  expect(changed).not.toBe(document)
  expect(tableProblems(changed)).toHaveLength(1)
})
