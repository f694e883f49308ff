import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { FAILURE_CONVERTER_PATH } from '../../application/temporal/payload-codec.ts'
import { turnOf } from '../support/sample.ts'
import { quietRuntime } from '../support/test-app.ts'
import { fromPlainHistory, type PlainHistory, toPlainHistory } from './plain-history.ts'
import { BRANCHES, openStage, play, type Stage } from './workflow-scenarios.ts'

const FOLDER = fileURLToPath(new URL('./histories', import.meta.url))
/**
 * `RECORD_HISTORIES=1 npx vitest run tests/workflows/replay.test.ts` records the histories anew, after a
 * patched change or one that is not released.
 */
const RECORDING = process.env.RECORD_HISTORIES === '1'

const fileOf = (name: string) => join(FOLDER, `${name}.json`)
const read = (name: string) => JSON.parse(readFileSync(fileOf(name), 'utf8')) as PlainHistory

/**
 * Paths of earlier versions only: they cannot be recorded again, but running exchanges may have taken them.
 */
const EARLIER = fileURLToPath(new URL('./earlier-histories', import.meta.url))
const readEarlier = () =>
  new Map(
    readdirSync(EARLIER).map((file) => [
      file,
      JSON.parse(readFileSync(join(EARLIER, file), 'utf8')) as PlainHistory,
    ]),
  )

describe('a worker without a cache replays the whole history at every step, and ends every branch', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage({ maxCachedWorkflows: RECORDING ? 100 : 0 })
    if (!RECORDING) return
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER, { recursive: true })
  })
  afterAll(() => stage.close())

  const played = RECORDING ? BRANCHES : BRANCHES.filter((_, n) => turnOf([true, false], n)[0])
  test.each(played)('$name', async (branch) => {
    const { workflowId, runId } = await play(stage, branch)
    expect(await stage.brokenLaws()).toEqual([])
    if (!RECORDING) return
    const history = await stage.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory()
    const { events } = await toPlainHistory(history, stage.deps.sealer)
    const lines = events.map((event) => JSON.stringify(event)).join(',\n')
    writeFileSync(fileOf(branch.name), `{"events":[\n${lines}\n]}\n`)
  })
})

/** @returns the replay error of each history that fails */
async function replayAll(histories: ReadonlyMap<string, PlainHistory>): Promise<Map<string, string>> {
  const options = {
    workflowBundle: { codePath: inject('bundlePath') },
    dataConverter: { failureConverterPath: FAILURE_CONVERTER_PATH },
  }
  const given = [...histories].map(([workflowId, history]) => ({
    workflowId,
    history: fromPlainHistory(history),
  }))
  const errors = new Map<string, string>()
  let count = 0
  for await (const { workflowId, error } of Worker.runReplayHistories(options, given)) {
    count += 1
    if (error) errors.set(workflowId, error.name)
  }
  expect(count).toBe(histories.size)
  return errors
}

describe('committed histories', () => {
  beforeAll(quietRuntime)

  test('exist for every branch, and no other', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(BRANCHES.map(({ name }) => `${name}.json`).sort())
  })

  test('contain no secret and no trace of a machine', () => {
    const all = [...BRANCHES.map(({ name }) => [name, read(name)] as const), ...readEarlier()]
    for (const [name, history] of all) {
      const text = readable(history)
      const traces =
        /\/(home|root|tmp|work|Users|var)\/|file:|node_modules|\d@|sk_test|whsec|李雷|13800000000/
      expect([name, traces.exec(text)?.[0]]).toEqual([name, undefined])
    }
  })

  test('cover every step and every message', () => {
    const seen = BRANCHES.flatMap(({ name }) => namesIn(read(name)))
    const steps = Object.keys(createActivities({} as never))
    const messages = [
      ...['placed', 'cancel', 'pay', 'accept', 'ship', 'finish', 'refund', 'resolve', 'taken'],
      ...['shipment', 'correctShipment', 'extend'],
      ...['payment', 'order', 'resync', 'afterSale'],
    ]
    expect([...new Set(seen)].sort()).toEqual([...new Set([...steps, ...messages])].sort())
  })

  test('replay with the current workflows', async () => {
    expect(await replayAll(new Map(BRANCHES.map(({ name }) => [name, read(name)])))).toEqual(new Map())
  })

  test('of earlier versions replay with the current workflows', async () => {
    expect(readEarlier().size).toBe(41)
    expect(await replayAll(readEarlier())).toEqual(new Map())
  })

  test('fail to replay when the workflow takes another step', async () => {
    const changed = new Map(BRANCHES.map(({ name }) => [name, withAnotherStep(read(name))]))
    const noticed = new Map(BRANCHES.map(({ name }) => [name, 'DeterminismViolationError']))
    expect(await replayAll(changed)).toEqual(noticed)
  })
})

const decoded = (data: string) => Buffer.from(data, 'base64').toString()
const encoded = (text: string) => Buffer.from(text).toString('base64')

/** The history as text, with decoded payloads. */
function readable(history: PlainHistory): string {
  return JSON.stringify(history, (key, value) =>
    key === 'data' && typeof value === 'string' ? decoded(value) : value,
  )
}

/** The name of the local activity that a marker records. */
function markedStep(event: PlainHistory['events'][number]): { data: string } | undefined {
  return event.markerRecordedEventAttributes?.details?.data?.payloads?.[0]
}

function namesIn({ events }: PlainHistory): string[] {
  return events.flatMap((event) => {
    const marker = markedStep(event)
    if (marker) return [JSON.parse(decoded(marker.data)).activity_type as string]
    const name =
      event.activityTaskScheduledEventAttributes?.activityType.name ??
      event.workflowExecutionSignaledEventAttributes?.signalName ??
      event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input.name
    return name === undefined ? [] : [name]
  })
}

/** The same history with another first step. */
function withAnotherStep(history: PlainHistory): PlainHistory {
  const changed = structuredClone(history)
  for (const event of changed.events) {
    const marker = markedStep(event)
    const activity = event.activityTaskScheduledEventAttributes
    if (marker)
      marker.data = encoded(decoded(marker.data).replace(/"activity_type":"\w+"/, '"activity_type":"other"'))
    else if (activity) activity.activityType.name = 'other'
    else continue
    return changed
  }
  throw new Error('this history has no step')
}
