import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/**
 * What can be checked in documents: that what they name exists. Paths in them are complete, from the root.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const documents = [
  ...globSync('*.md', { cwd: ROOT }),
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  'web/public/products/NOTICE.md',
].toSorted()
const folders = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g
const isElsewhere = (target: string) => /^[a-z]+:/.test(target)

/** The anchors of all headings. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** @returns the link targets that do not exist */
function findDeadLinks(file: string, text: string): string[] {
  return [...text.matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => {
      if (isElsewhere(target)) return false
      const [path = '', anchor] = target.split('#')
      const there = path === '' ? file : normalize(join(dirname(file), path))
      if (!existsSync(join(ROOT, there))) return true
      return anchor !== undefined && !anchorsOf(path === '' ? text : read(there)).includes(anchor)
    })
}

/** @returns the files and folders of this repository that the text names and that do not exist */
function findDeadPaths(text: string): string[] {
  const words = (part: string) =>
    (part.replaceAll(LINK, '').match(/[\w.{}/*-]+(?:,[\w.{}/*-]+)*/g) ?? []).map((word) =>
      word.replace(/\.+$/, ''),
    )
  const isSource = (word: string) => /[\w}]\.(tsx?|cjs|css|md)$/.test(word) && !word.startsWith('/')
  const spans = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)]
  // A word is a path if it has an extension or starts with one of our folders.
  const isPath = (word: string) =>
    /^[a-z.][\w.{},/-]*\/$/.test(word) || folders.some((folder) => word.startsWith(`${folder}/`))
  const named = [
    ...words(text).filter(isSource),
    ...spans.flatMap(([, span = '']) => words(span).filter(isPath)),
  ]
  const isMediaType = (word: string) => word === 'application/json'
  return [...new Set(named)].filter((path) => !existsSync(join(ROOT, path)) && !isMediaType(path))
}

const commentsOf = (source: string) =>
  [...source.matchAll(/^\s*(?:\/\*\*?|\*|\/\/) .*$/gm)].map(([line]) => line).join('\n')

test.each(documents)('%s links to what exists', (file) => {
  expect(findDeadLinks(file, read(file))).toEqual([])
})

test.each(documents)('%s names files and folders that exist, from the root', (file) => {
  expect(findDeadPaths(read(file))).toEqual([])
})

test('a dead link is found', () => {
  const text =
    '[a](missing.md), [b](README.md#missing), [c](#missing) [d](README.md#commands), [e](https://example.com/x.md)'
  expect(findDeadLinks('README.md', text)).toEqual(['missing.md', 'README.md#missing', '#missing'])
})

test('a dead path is found, and one that does not start at the root', () => {
  const text =
    'See domain/missing.ts. `missing/`, `money.ts`, `routes/`, `tests/missing`, `payments/{alipay,wechat}/`\n' +
    '`domain/money.ts`, `api/routes/`, tests/platform/docs.test.ts, `/api/points-mall/products`, [it](missing.md)'
  expect(findDeadPaths(text).toSorted()).toEqual([
    'domain/missing.ts',
    'missing/',
    'money.ts',
    'payments/{alipay,wechat}/',
    'routes/',
    'tests/missing',
  ])
})

test('comments name files that exist, from the root', () => {
  const sources = globSync('{*,*/**/*}.{ts,cjs}', { cwd: ROOT, exclude: ['node_modules'] })
  const dead = sources
    .filter((file) => file !== 'tests/platform/docs.test.ts')
    .map((file) => [file, findDeadPaths(commentsOf(read(file)))] as const)
  expect(sources.length).toBeGreaterThan(300)
  expect(dead.filter(([, paths]) => paths.length > 0)).toEqual([])
})

test('docs/README.md lists every document', () => {
  const index = read('docs/README.md')
  const missing = globSync('*.md', { cwd: join(ROOT, 'docs') }).filter(
    (name) => !index.includes(`](${name})`),
  )
  expect(missing).toEqual(['README.md'])
})

describe('functions', () => {
  const NAMED = /`([a-z]\w*)`\s+\(`([\w/.-]+\.ts)`\)/g

  /** Functions named with their file, which the file does not define. */
  const findUndefined = (text: string) =>
    [...text.matchAll(NAMED)]
      .filter(
        ([, name, file = '']) => !new RegExp(`\\b(function|const|interface) ${name}\\b`).test(read(file)),
      )
      .map(([all]) => all)

  test.each(documents)('of %s are defined in the files that it gives', (file) => {
    expect(findUndefined(read(file))).toEqual([])
  })

  test('are named with their file throughout docs/money-flows.md', () => {
    const text = read('docs/money-flows.md')
    const named = new Set([...text.matchAll(NAMED)].map(([, name]) => name))
    const calls = [...text.matchAll(/`([a-z]+[A-Z]\w*)`/g)].map(([, name]) => name)
    expect(calls.filter((name) => !named.has(name))).toEqual([])
  })

  test('that have moved are found', () => {
    const moved = '`settle` (`activities/payments.ts`)'
    expect(findUndefined(`${moved}, \`settle\` (\`activities/settle.ts\`)`)).toEqual([moved])
  })
})

describe('the release', () => {
  test('has its version in package.json alone', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    const places = [
      'docker-compose.yml',
      'Dockerfile',
      'README.md',
      'README.zh-CN.md',
      ...globSync('api/**/*.ts', { cwd: ROOT }),
    ]
    expect(places.filter((file) => read(file).includes(version))).toEqual([])
  })

  test('has an unreleased heading in the changelog', () => {
    expect(read('CHANGELOG.md').match(/^## Unreleased$/gm)).toHaveLength(1)
  })
})
