import { condition, defineUpdate, proxyLocalActivities, setHandler, sleep } from '@temporalio/workflow'

/** An empty exchange: one step, an answer to the caller, then a long wait. */
const bare = proxyLocalActivities<{ step(): Promise<string> }>({ startToCloseTimeout: '3s' })

export const doneUpdate = defineUpdate<string>('done')

export async function bareWorkflow(): Promise<void> {
  let done: string | undefined
  setHandler(doneUpdate, async () => {
    await condition(() => done !== undefined)
    return done ?? ''
  })
  done = await bare.step()
  await sleep('1 hour')
}
