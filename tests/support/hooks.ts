import type { Activities } from '../../activities/index.ts'

export type ActivityName = keyof Activities
type Hook = (...args: unknown[]) => Promise<void> | void

/** Runs test code before or after the effect of a workflow step. */
export function createHooks() {
  const before = new Map<string, Hook>()
  const after = new Map<string, Hook>()
  const ended = new Map<string, number>()
  return {
    tamper(activities: Activities): Activities {
      const wrapped = Object.entries(activities).map(([name, run]) => [
        name,
        async (...args: never[]) => {
          await before.get(name)?.(...args)
          const result = await (run as (...args: never[]) => Promise<unknown>)(...args).finally(() =>
            ended.set(name, (ended.get(name) ?? 0) + 1),
          )
          await after.get(name)?.(...args)
          return result
        },
      ])
      return Object.fromEntries(wrapped) as Activities
    },
    before: (name: ActivityName, hook: Hook) => void before.set(name, hook),
    after: (name: ActivityName, hook: Hook) => void after.set(name, hook),
    /** How many calls of the step have ended, with or without success. */
    ended: (name: ActivityName) => ended.get(name) ?? 0,
    clear() {
      before.clear()
      after.clear()
    },
  }
}

/** Blocks callers until it is opened. */
export function createDoor() {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed: () => opened, open }
}
