import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('every npm script that runs TypeScript checks the version of Node first', () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    scripts: Record<string, string>
  }
  const running = Object.values(scripts).filter((script) => /\.ts\b|\bvitest\b/.test(script))
  expect(running.length).toBeGreaterThan(10)
  expect(running.filter((script) => !/\bnode (--import \.\/)?cli\/node-check\.js /.test(script))).toEqual([])
})

test('an older Node is one line with the remedy and exit code 1, and the program does not run', () => {
  const run = (version: string) => {
    const older = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`
    const args = ['--import', `data:text/javascript,${older}`, '--import', './cli/node-check.js']
    return spawnSync(process.execPath, [...args, '-e', 'console.log("runs")'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
  }
  const { status, stdout, stderr } = run('20.20.2')
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^.*this is 20\.20\.2: run npm rebuild.*\n$/)
  expect(run(process.versions.node)).toMatchObject({ status: 0, stdout: 'runs\n', stderr: '' })
})
