import { CancellationScope } from '@temporalio/workflow'
import type { Refusal } from '../domain/errors.ts'
import type { Requester } from './messages.ts'

/** Why and for whom things are undone. */
export interface Cause {
  readonly reason: string
  readonly by: Requester | { readonly type: 'system' }
  /** Set when the redemption never stood: the customer is told this. */
  readonly refusal?: Refusal
}

export interface Undo {
  /** Registered before its step runs: a step that failed may have happened all the same. */
  add(step: string, undo: (cause: Cause) => Promise<void>): void
  /** The step itself has answered that it did not happen: there is nothing to undo. */
  forget(step: string): void
  /** For what can only be done after everything else is undone. */
  addLast(step: string, undo: (cause: Cause) => Promise<void>): void
  /**
   * Undoes in reverse, once, also while the workflow is being canceled. What cannot be undone is put before
   * `whenStuck`, which says whether to try again or to go on.
   */
  run(cause: Cause, whenStuck: (step: string, error: unknown) => Promise<'retry' | 'skip'>): Promise<void>
}

export function createUndo(): Undo {
  const steps: { name: string; undo: (cause: Cause) => Promise<void> }[] = []
  return {
    add(name, undo) {
      steps.unshift({ name, undo })
    },
    forget(name) {
      const at = steps.findIndex((step) => step.name === name)
      if (at >= 0) steps.splice(at, 1)
    },
    addLast(name, undo) {
      steps.push({ name, undo })
    },
    run(cause, whenStuck) {
      return CancellationScope.nonCancellable(async () => {
        for (let step = steps.shift(); step; step = steps.shift()) {
          for (;;) {
            try {
              await step.undo(cause)
              break
            } catch (error) {
              if ((await whenStuck(step.name, error)) === 'skip') break
            }
          }
        }
      })
    },
  }
}
