import type { Db } from '../../db/client.ts'
import { adjust, grant } from '../../db/wallet/grants.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { type Balance, readBalance } from '../../db/wallet/reads.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { type Fen, type Money, moneyFromFen } from '../../domain/money.ts'
import type { PointsWallet } from '../../wallets/port.ts'
import { OverloadedError } from '../temporal/client.ts'

export interface Ledger {
  readonly db: Db
  readonly vault: LedgerCipher
  /** Set if an external wallet keeps the points; the mall's ledger keeps the cash. */
  readonly outsideWallet?: PointsWallet | undefined
}

/** An unknown owner has an empty wallet. */
export interface WalletView {
  readonly type: 'integral'
  readonly currency: 'ZJF'
  readonly available: number
  readonly held: number
  /** Lots with an expiry date, soonest first. */
  readonly expiring: readonly { readonly points: number; readonly expires_at: string }[]
  readonly cash: Money
}

export interface WalletCause {
  readonly operationKey: string
  readonly operatorId: string
  readonly reason: string
}

export const ENTRY_POINTS_MAX = 1_000_000_000
export const REASON_MAX = 200

/** @throws OverloadedError if the external wallet does not respond */
export async function readWallet({ db, vault, outsideWallet }: Ledger, ownerId: string): Promise<WalletView> {
  const [points, cash]: [Balance, Balance] = await Promise.all([
    outsideWallet ? readOutside(outsideWallet, ownerId) : readBalance(db, vault, ownerId, 'ZJF'),
    readBalance(db, vault, ownerId, 'CNY'),
  ])
  return {
    type: 'integral',
    currency: 'ZJF',
    available: Number(points.available),
    held: Number(points.held),
    expiring: points.expiring.map((lot) => ({
      points: Number(lot.points),
      expires_at: lot.expiresAt.toISOString(),
    })),
    cash: moneyFromFen(cash.available),
  }
}

/** An external wallet does not report expiry and freezes. */
async function readOutside(wallet: PointsWallet, ownerId: string): Promise<Balance> {
  try {
    return { ...(await wallet.balance(ownerId)), frozen: null, expiring: [] }
  } catch (error) {
    throw new OverloadedError('the outside wallet does not answer', { cause: error })
  }
}

/** The mall's ledger must not get points that an external wallet keeps. @throws DomainError FORBIDDEN */
export function mustBeOurs({ outsideWallet }: Ledger): void {
  if (outsideWallet) throw new DomainError({ code: 'FORBIDDEN', reason: 'points_elsewhere' })
}

/** @throws InvalidInputError if already expired; DomainError FORBIDDEN for the own wallet, or an external one */
export async function grantPoints(
  ledger: Ledger,
  ownerId: string,
  points: number,
  expiresAt: Date | null,
  cause: WalletCause,
): Promise<WalletView> {
  mustNotBeOwn(cause.operatorId, ownerId)
  mustBeOurs(ledger)
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new InvalidInputError({ field: 'expires_at', rule: 'future' })
  }
  await ledger.db
    .transaction()
    .execute((tx) =>
      grant(tx, ledger.vault, { ownerId, currency: 'ZJF', amount: BigInt(points), expiresAt }, cause),
    )
  return readWallet(ledger, ownerId)
}

/** @throws DomainError INSUFFICIENT_POINTS; FORBIDDEN for the operator's own wallet, or with an external wallet */
export async function adjustPoints(
  ledger: Ledger,
  ownerId: string,
  points: number,
  cause: WalletCause,
): Promise<WalletView> {
  mustNotBeOwn(cause.operatorId, ownerId)
  mustBeOurs(ledger)
  const done = await ledger.db
    .transaction()
    .execute((tx) => adjust(tx, ledger.vault, { ownerId, currency: 'ZJF', amount: BigInt(points) }, cause))
  const wallet = await readWallet(ledger, ownerId)
  if (done) return wallet
  throw new DomainError({
    code: 'INSUFFICIENT_POINTS',
    required: `${-points}`,
    available: `${wallet.available}`,
  })
}

/** @throws DomainError FORBIDDEN for the operator's own wallet */
export async function addCash(
  ledger: Ledger,
  ownerId: string,
  fen: Fen,
  cause: WalletCause,
): Promise<WalletView> {
  mustNotBeOwn(cause.operatorId, ownerId)
  await ledger.db
    .transaction()
    .execute((tx) =>
      grant(tx, ledger.vault, { ownerId, currency: 'CNY', amount: fen, expiresAt: null }, cause),
    )
  return readWallet(ledger, ownerId)
}
