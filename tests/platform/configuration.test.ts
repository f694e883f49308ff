import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isByFile, VARIABLES } from '../../config/env.ts'
import { TEMPORAL_VARIABLES } from '../../config/temporal.ts'

/** The documents of the configuration, compared with the program. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NAMES = [...Object.keys(VARIABLES), ...TEMPORAL_VARIABLES]

/** @returns a line for each variable that the document lacks, has twice, has in vain or with another default */
function problemsOf(markdown: string): string[] {
  const rows = [...markdown.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| (.*?) \| (.*) \|$/gm)]
  const documented = rows.map(([, name = '']) => name)
  return [
    ...NAMES.filter((name) => !documented.includes(name)).map((name) => `${name} is missing`),
    ...documented.filter((name) => !NAMES.includes(name)).map((name) => `${name} is no variable`),
    ...documented
      .filter((name, index) => documented.indexOf(name) !== index)
      .map((name) => `${name} is there twice`),
    ...rows.flatMap(([, name = '', value = '', meaning = '']) => [
      ...(isDefault(name, value) ? [] : [`${name} has another default than ${value}`]),
      ...(meaning.endsWith('▤') === isByFile(name) ? [] : [`${name} has a wrong mark for files`]),
    ]),
  ]
}

/** A default of the program is in a code span; in words is what applies without one. */
function isDefault(name: string, value: string): boolean {
  const variable = VARIABLES[name]
  const fallback: unknown = variable?.safeParse(undefined).data
  const isNone =
    fallback === undefined || fallback === '' || (Array.isArray(fallback) && fallback.length === 0)
  const told = /^`([^`]*)`$/.exec(value)?.[1]
  if (isNone || told === undefined) return isNone && told === undefined
  // `1` and `1000000n` are one default: both forms go through the same parser.
  return variable?.safeParse(told).data === fallback
}

describe.each(['docs/configuration.md', 'docs/configuration.zh-CN.md'])('%s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8')

  test('has every variable with its default, and no other', () => {
    expect(problemsOf(text)).toEqual([])
  })

  test('would be found out', () => {
    const row = /^\| `PORT` .*\n/m
    expect(problemsOf(text.replace(row, ''))).toEqual(['PORT is missing'])
    expect(problemsOf(text.replace('`3000`', '`3001`'))).toEqual(['PORT has another default than `3001`'])
    expect(problemsOf(text.replace('| `PORT` |', '| `PORTS` |'))).toContain('PORTS is no variable')
    expect(problemsOf(text.replace(row, (all) => all + all))).toEqual(['PORT is there twice'])
    expect(problemsOf(text.replace(/(`STRIPE_SECRET_KEY`.*) ▤/, '$1'))).toEqual([
      'STRIPE_SECRET_KEY has a wrong mark for files',
    ])
  })
})
