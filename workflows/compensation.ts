import { CancellationScope } from '@temporalio/workflow'
import type { Refusal } from '../domain/errors.ts'
import type { AttentionCode } from '../domain/orders/attention.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { Requester } from './messages.ts'
import { isSuperseded } from './steps.ts'

/** Why and for whom things are undone. */
export interface Cause {
  readonly reason: string
  readonly by: Requester | { readonly type: 'system' }
  /** Set when the redemption never stood: the customer is told this. */
  readonly refusal?: Refusal
  /** In any other state the order stays as it is; undefined: it is canceled in every state. */
  readonly allowedIn?: readonly OrderStatus[]
}

/** The order has gone beyond what may be undone. */
export class KeptError extends Error {
  override name = 'KeptError'
  readonly status: OrderStatus
  constructor(status: OrderStatus) {
    super(status)
    this.status = status
  }
}

export interface Undo {
  /** Registered before its step runs: a step that failed may have happened all the same. */
  add(step: AttentionCode, undo: (cause: Cause) => Promise<void>): void
  /** The step itself has answered that it did not happen: there is nothing to undo. */
  forget(step: AttentionCode): void
  /** For what can only be done after everything else is undone. */
  addLast(step: AttentionCode, undo: (cause: Cause) => Promise<void>): void
  /**
   * Undoes in reverse, once, also while the workflow is being canceled. What cannot be undone is put before
   * `whenStuck`, which says whether to try again or to go on.
   * @returns where the order stands: where it stays as it is, what was not undone can still be
   */
  run(
    cause: Cause,
    whenStuck: (step: AttentionCode, error: unknown) => Promise<'retry' | 'skip'>,
  ): Promise<OrderStatus>
}

export function createUndo(): Undo {
  const steps: { name: AttentionCode; undo: (cause: Cause) => Promise<void> }[] = []
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
              if (isSuperseded(error)) throw error
              if (error instanceof KeptError) {
                steps.unshift(step)
                return error.status
              }
              if ((await whenStuck(step.name, error)) === 'skip') break
            }
          }
        }
        return 'order_canceled'
      })
    },
  }
}
