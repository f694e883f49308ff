import { activityInfo } from '@temporalio/activity'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Activities } from '../../activities/index.ts'
import { turnOf } from '../support/sample.ts'
import { BRANCHES, openStage, play, type Stage } from './workflow-scenarios.ts'

/**
 * A committed step may run again: its worker died before reporting, or Temporal rejected the task. Whatever
 * is repeated, each branch ends the same.
 */

type Run = (...args: never[]) => Promise<unknown>
type Repeat = (name: string, run: Run) => Run

/** Repeats whose answer differs from the first one. */
const contradicted: string[] = []

/** Whether an answer or failure means yes or no; its other contents may have changed. */
async function verdictOf(answer: Promise<unknown>): Promise<string> {
  try {
    const given = (await answer) as Record<string, unknown> | null | undefined
    const { placed, settled, refusal } = typeof given === 'object' && given !== null ? given : {}
    return JSON.stringify({ placed, settled, refused: refusal !== undefined && refusal !== null })
  } catch (error) {
    return `failed: ${String(error)}`
  }
}

/** Each step runs twice in a row; the second answer counts. */
const twice: Repeat =
  (name, run) =>
  async (...args) => {
    const first = await verdictOf(run(...args))
    const again = run(...args)
    const second = await verdictOf(again)
    if (second !== first && !first.startsWith('failed'))
      contradicted.push(`${name}: ${first}, then ${second}`)
    return again
  }

/**
 * Before each step, repeats every local step since the last remote one: exactly what a rejected task repeats.
 */
function fromTheStartOfTheTask(): Repeat {
  const taken = new Map<string, (() => Promise<unknown>)[]>()
  return (name, run) =>
    async (...args) => {
      const { isLocal, workflowExecution } = activityInfo()
      const workflow = workflowExecution?.runId ?? ''
      const before = taken.get(workflow) ?? []
      if (!isLocal) {
        taken.delete(workflow)
        return run(...args)
      }
      for (const again of before) await again()
      const answer = run(...args)
      const first = await verdictOf(answer)
      if (!first.startsWith('failed')) {
        const again = async () => {
          const later = await verdictOf(run(...args))
          if (later !== first) contradicted.push(`${name}: ${first}, later ${later}`)
        }
        taken.set(workflow, [...before, again])
      }
      return answer
    }
}

const repeating =
  (repeat: Repeat) =>
  (activities: Activities): Activities =>
    Object.fromEntries(
      Object.entries(activities).map(([name, run]) => [name, repeat(name, run as Run)]),
    ) as Activities

/** Somebody else acts between its steps, which no single task spans. */
const MOVED_MEANWHILE = ['auto-confirm-paused-by-an-after-sale']

describe.each<[string, number, () => Repeat]>([
  ['every step runs twice', 0, () => twice],
  ['every step after a repeat of its task so far', 1, fromTheStartOfTheTask],
])('%s:', (_, way, repeat) => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage({ tamper: repeating(repeat()) })
  })
  afterAll(() => stage.close())

  const ways = (name: string, n: number) => (MOVED_MEANWHILE.includes(name) ? [0] : turnOf([0, 1], n))
  test.each(BRANCHES.filter(({ name }, n) => ways(name, n).includes(way)))('$name', async (branch) => {
    await play(stage, branch)
    expect(await stage.brokenLaws()).toEqual([])
    expect(contradicted.splice(0)).toEqual([])
  })
})
