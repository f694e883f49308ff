import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** What can be checked in the documents: that what they name exists. */

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const documents = [
  ...globSync('*.md', { cwd: ROOT }),
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  'web/public/products/NOTICE.md',
]

/** @returns the targets of links that are not there, and files and folders in code spans that are not */
function findDead(file: string, text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(join(ROOT, dirname(file), target)))
  const paths = [...text.matchAll(/`([a-z][\w-]*\/(?:[\w-]+\/)*(?:[\w.-]+\.(?:tsx?|css|md|cjs))?)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => !existsSync(join(ROOT, path)))
    // Of a room whose name is given in the sentence or the table.
    .filter((path) => globSync(`*/${path}`, { cwd: ROOT, exclude: ['node_modules'] }).length === 0)
  return [...links, ...paths]
}

test.each(documents)('%s links to and names what exists', (file) => {
  expect(findDead(file, read(file))).toEqual([])
})

test('a file that does not exist is found', () => {
  const text =
    'See [it](missing.md), `domain/missing.ts`, `missing/` and [this](README.md), `domain/money.ts`.'
  expect(findDead('README.md', text)).toEqual(['missing.md', 'domain/missing.ts', 'missing/'])
})

test('docs/README.md lists every document', () => {
  const index = read('docs/README.md')
  const missing = globSync('*.md', { cwd: join(ROOT, 'docs') }).filter(
    (name) => !index.includes(`](${name})`),
  )
  expect(missing).toEqual(['README.md'])
})

describe('docs/money-flows.md', () => {
  /** Functions named with their file, which the file does not define. */
  function findUndefined(text: string): string[] {
    const named = [...text.matchAll(/`(\w+)`\s+\(`([\w/.-]+\.ts)`\)/g)]
    expect(named.length).toBeGreaterThan(0)
    return named
      .filter(([, name, file = '']) => !new RegExp(`\\b(function|const) ${name}\\b`).test(read(file)))
      .map(([all]) => all)
  }

  test('names functions that are in the files it gives', () => {
    expect(findUndefined(read('docs/money-flows.md'))).toEqual([])
  })

  test('a function that has moved is found', () => {
    const moved = '`settle` (`activities/payments.ts`)'
    expect(findUndefined(`${moved}, \`settle\` (\`activities/settle.ts\`)`)).toEqual([moved])
  })
})

test('the version is in package.json alone', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const places = ['docker-compose.yml', 'Dockerfile', 'README.md', 'README.zh-CN.md', 'api/app.ts']
  expect(places.filter((file) => read(file).includes(version))).toEqual([])
})
