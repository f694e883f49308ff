import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createLogDestination } from '../../cli/lib/log-destination.ts'
import { sdkLogger } from '../../cli/lib/sdk-logger.ts'
import { PATIENCE_MS } from '../support/patience.ts'

const LOGGER = new URL('../../cli/lib/logger.ts', import.meta.url).href

test('lines that nobody takes are dropped and counted, and the others arrive whole and in order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-log-'))
  const fifo = join(folder, 'log')
  execFileSync('mkfifo', [fifo])
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
  const log = createLogDestination(fd, (count) => `dropped ${count}\n`, 200_000)
  const written = 5000
  for (let n = 0; n < written; n += 1) log.write(`${n} ${'x'.repeat(100)}\n`)
  let text = ''
  const buffer = Buffer.alloc(64 * 1024)
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    try {
      text += buffer.subarray(0, readSync(fd, buffer)).toString()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await pause(10)
    }
    if (/dropped \d+\n$/.test(text)) break
  }
  const lines = text.trimEnd().split('\n')
  const note = lines.pop() ?? ''
  expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(lines.map((_, n) => n))
  expect(lines.length).toBeGreaterThan(1000)
  expect(note).toBe(`dropped ${written - lines.length}`)
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

test('a crash, a rejection and a warning are lines of JSON, and a full disk ends nothing', () => {
  const run = (script: string, stdout: 'pipe' | number = 'pipe') =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `const { startLog } = await import('${LOGGER}')\n${script}`],
      { encoding: 'utf8', stdio: ['ignore', stdout, 'pipe'], timeout: PATIENCE_MS },
    )
  for (const crash of [
    'setTimeout(() => { throw new Error("gone") })',
    'Promise.reject(new Error("gone"))',
  ]) {
    const { status, stdout, stderr } = run(`startLog('part'); process.emitWarning('careful'); ${crash}
      setTimeout(() => {}, 60_000)`)
    expect([status, stderr]).toEqual([1, ''])
    const lines = stdout.trimEnd().split('\n')
    // Node decides which of them comes first.
    const told = lines.map((line) => JSON.parse(line)).toSorted((a, b) => a.level - b.level)
    expect(told).toMatchObject([
      { level: 40, part: 'part', msg: 'careful' },
      { level: 60, part: 'part', err: { message: 'gone', stack: expect.stringContaining('\n') } },
    ])
  }
  if (process.platform !== 'linux') return
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = run(
    `const log = startLog('part')
    for (let n = 0; n < 20; n += 1) await new Promise((next) => { log.info('line'); setImmediate(next) })
    process.exitCode = 3`,
    full,
  )
  closeSync(full)
  expect([status, stderr]).toEqual([3, ''])
})

test("a failure that Temporal's SDK reports is one line with its order and workflow", () => {
  const lines: string[] = []
  const log = sdkLogger(pino({}, { write: (line: string) => lines.push(line) }))
  log.warn('Activity failed', {
    workflowId: 'exchange/PM1',
    activityType: 'settle',
    attempt: 2,
    error: new Error('first line\nsecond line', { cause: new Error('why') }),
    timestampNanos: 1n,
  })
  log.info('Worker state changed', { state: 'RUNNING' })
  expect(lines).toHaveLength(2)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 40,
      msg: 'Activity failed',
      workflow_id: 'exchange/PM1',
      order_no: 'PM1',
      activity: 'settle',
      attempt: 2,
      err: { stack: expect.stringContaining('why') },
    },
    { level: 30, state: 'RUNNING' },
  ])
  expect(JSON.parse(lines[1] ?? '')).not.toHaveProperty('order_no')
})
