import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BRANCHES, openStage, play, type Stage } from './branches.ts'
import { toPlainHistory } from './plain-history.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ maxCachedWorkflows: 0 })
})
afterAll(() => stage.close())
const many = Array.from({ length: 6 }, (_, n) =>
  BRANCHES.filter((b) => /outside|refused|fails|cannot/.test(b.name)).map((b) => ({
    ...b,
    name: `${b.name}-${n}`,
  })),
).flat()
test.each(many)('$name', async (branch) => {
  const from = Date.now()
  try {
    await play(stage, branch)
    const ms = Date.now() - from
    if (ms > 4000) appendFileSync('/tmp/diag.log', `SLOW ${branch.name} ${ms}\n`)
    if (ms > 4000) throw new Error('slow')
  } catch (error) {
    const no = stage.begun.at(-1) ?? ''
    const h = await stage.temporal.client.workflow.getHandle(`exchange/${no}`).fetchHistory()
    const { events } = await toPlainHistory(h, stage.deps.sealer)
    appendFileSync(
      '/tmp/diag.log',
      `${branch.name} ${String(error)}\n${events.map((e) => JSON.stringify(e)).join('\n')}\n`,
    )
    const d = await stage.temporal.client.workflow.getHandle(`exchange/${no}`).describe()
    appendFileSync(
      '/tmp/diag.log',
      `PENDING ${JSON.stringify(d.raw.pendingActivities, (k, v) => (typeof v === 'bigint' ? String(v) : v))}\n`,
    )
    throw error
  }
})
expect
