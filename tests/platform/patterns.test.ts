import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RegExpParser } from '@eslint-community/regexpp'
import { parseSync } from '@swc/core'
import { analyse } from 'scslre'
import { describe, expect, test } from 'vitest'
import { withoutTrailingSlashes } from '../../domain/text.ts'
import { groupedText, moneyText } from '../../web/shared/format.ts'

const ROOT = join(import.meta.dirname, '../..')
const PARSER = new RegExpParser({ ecmaVersion: 2025 })

interface Found {
  /** Literals as written. */
  readonly patterns: readonly string[]
  /** Patterns built at run time, which cannot be checked. */
  readonly built: number
}

function findPatterns(source: string, syntax: 'typescript' | 'ecmascript'): Found {
  const patterns: string[] = []
  let built = 0
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { type, pattern, flags, callee } = node as Record<string, object | string>
    if (type === 'RegExpLiteral' && typeof pattern === 'string' && typeof flags === 'string') {
      patterns.push(`/${pattern}/${flags}`)
    }
    const { type: kind, value } = (callee ?? {}) as Record<string, string>
    if (kind === 'Identifier' && value === 'RegExp') built++
    for (const child of Object.values(node)) walk(child)
  }
  walk(parseSync(source, { syntax }))
  return { patterns, built }
}

/** The parts of a pattern that take more than linear time for some text. */
const slowPartsOf = (pattern: string): string[] =>
  analyse(PARSER.parseLiteral(pattern)).reports.map(
    ({ type, exponential }) => `${pattern}: ${type}, ${exponential ? 'exponential' : 'polynomial'}`,
  )

/** All code outside tests and benchmarks, page scripts included. */
const sources = execFileSync('git', ['ls-files', '*.ts', '*.js', '*.cjs'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => !/^(tests|bench)\//.test(file))

describe('regular expressions', () => {
  const found = sources.map((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    return { file, ...findPatterns(source, file.endsWith('.ts') ? 'typescript' : 'ecmascript') }
  })

  test('take linear time for any text', () => {
    expect(found.flatMap(({ patterns }) => patterns).length).toBeGreaterThan(150)
    expect(
      found.flatMap(({ file, patterns }) => patterns.flatMap(slowPartsOf).map((slow) => `${file}: ${slow}`)),
    ).toEqual([])
  })

  test('are literals, so that they can be checked', () => {
    expect(found.filter(({ built }) => built > 0).map(({ file }) => file)).toEqual([])
  })

  test.each([
    [String.raw`text.replace(/\/+$/, '')`, 'Move, polynomial'],
    ['z.string().regex(/^(a+)+$/)', 'Self, exponential'],
    [String.raw`/^\s*(.+?)\s*$/.exec(text)`, 'Trade, polynomial'],
  ])('are found if they take more than linear time: %s', (source, slow) => {
    const { patterns } = findPatterns(source, 'typescript')
    expect(patterns.flatMap(slowPartsOf).join()).toContain(slow)
  })

  test('are found if built at run time, and pass if linear', () => {
    expect(findPatterns('const p = new RegExp(`^` + x); RegExp("a")', 'typescript').built).toBe(2)
    expect(slowPartsOf(String.raw`/^\/(points-mall|admin)(\/|$)/`)).toEqual([])
  })
})

describe('functions instead of slow patterns', () => {
  test('remove trailing slashes only', () => {
    expect(['', '/', 'a', 'a/', '/a//', 'a//b/'].map(withoutTrailingSlashes)).toEqual([
      '',
      '',
      'a',
      'a',
      '/a',
      'a//b',
    ])
  })

  test('separate thousands before the decimal point only', () => {
    expect(['1', '999', '1000', '-1234567.8901', '¥1200.50', '12a', 'PM1234'].map(groupedText)).toEqual([
      '1',
      '999',
      '1,000',
      '-1,234,567.8901',
      '¥1,200.50',
      '12a',
      'PM1234',
    ])
    expect(
      ['0.05', '-123456.00', '1234567.10'].map((amount) => moneyText({ amount, currency: 'CNY' })),
    ).toEqual(['¥0.05', '-¥123,456.00', '¥1,234,567.10'])
  })

  test('process megabytes quickly', () => {
    const start = performance.now()
    withoutTrailingSlashes(`${'/'.repeat(2_000_000)}x`)
    groupedText('1'.repeat(2_000_000))
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})
