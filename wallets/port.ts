import type { ReturnCause } from '../domain/wallet/wallet.ts'

/**
 * The wallet that keeps the points. Every call is idempotent by order number and step. `WalletRefusalError`
 * is a final refusal; after any other error the outcome is unknown, and the same call must be repeated.
 */
export interface PointsWallet {
  balance(ownerId: string): Promise<PointsBalance>
  /** `void`: the hold was undone before it arrived and can never be made. */
  hold(request: WalletRequest & { readonly points: bigint }): Promise<'held' | 'insufficient' | 'void'>
  capture(request: WalletRequest): Promise<void>
  /** Returns held or captured points, once. Otherwise leaves a tombstone, so that a late `hold` fails. */
  release(request: WalletRequest & { readonly reason: string; readonly cause: ReturnCause }): Promise<void>
}

export interface WalletRequest {
  readonly ownerId: string
  readonly orderNo: string
  /** An earlier try may have arrived: query its outcome before sending again. */
  readonly repeat: boolean
}

export interface PointsBalance {
  readonly available: bigint
  readonly held: bigint
}

export class WalletRefusalError extends Error {
  override name = 'WalletRefusalError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
