import type { ReturnCause } from '../domain/wallet/wallet.ts'

/**
 * What the mall asks of the wallet that keeps the points: our own ledger, or a points system that the shop
 * already has. Every call may be repeated: the wallet recognises a repeat by order number and step.
 *
 * A call that fails throws `WalletRefusalError` where the wallet said no for good, and any other error where the
 * outcome is not known (network, time-out, 401, 429, 5xx); then the same call is to be repeated.
 */
export interface PointsWallet {
  balance(ownerId: string): Promise<PointsBalance>
  /** Sets points aside. `void`: the hold was undone before it came; it can never be made any more. */
  hold(request: WalletRequest & { readonly points: bigint }): Promise<'held' | 'insufficient' | 'void'>
  /** Takes what is held for the order. */
  capture(request: WalletRequest): Promise<void>
  /**
   * Gives back what was held or taken for the order, once. Where nothing was, or it is not known, it leaves a
   * tombstone: a late `hold` of the same order fails. `cause` is for a wallet whose points expire.
   */
  release(request: WalletRequest & { readonly reason: string; readonly cause: ReturnCause }): Promise<void>
}

export interface WalletRequest {
  readonly ownerId: string
  readonly orderNo: string
  /** An earlier try may have reached the wallet: it is asked what became of that, before anything is sent again. */
  readonly repeat: boolean
}

export interface PointsBalance {
  /** What can be spent now. */
  readonly available: bigint
  readonly held: bigint
}

/** The wallet said no, and the same request will never succeed. */
export class WalletRefusalError extends Error {
  override name = 'WalletRefusalError'
  /** The wallet's own code, such as `KEY_REUSED`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
