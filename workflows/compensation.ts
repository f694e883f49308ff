import { CancellationScope } from '@temporalio/workflow'
import type { Refusal } from '../domain/errors.ts'
import type { AttentionCode } from '../domain/orders/attention.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { Requester } from './messages.ts'
import { isSuperseded } from './steps.ts'

export interface Cause {
  readonly reason: string
  readonly by: Requester | { readonly type: 'system' }
  readonly refusal?: Refusal
  /** Cancels only in these statuses; undefined: in all. */
  readonly allowedIn?: readonly OrderStatus[]
}

/** The order is past the point where it may be canceled. */
export class KeptError extends Error {
  override name = 'KeptError'
  readonly status: OrderStatus
  constructor(status: OrderStatus) {
    super(status)
    this.status = status
  }
}

export interface Undo {
  /** Register before the step runs: a failed step may still have taken effect. */
  add(step: AttentionCode, undo: (cause: Cause) => Promise<void>): void
  /** The step has reported that it did not happen. */
  forget(step: AttentionCode): void
  addLast(step: AttentionCode, undo: (cause: Cause) => Promise<void>): void
  /**
   * Undoes in reverse order, once, even while the workflow is being canceled.
   * @returns the order's status where it stays as it is
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
