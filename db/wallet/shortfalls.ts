import type { Lot } from '../../domain/wallet/wallet.ts'
import { recoveryOf, remove } from '../../domain/wallet/wallet.ts'
import type { Tx } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import { type Account, expireLots, post } from './posting.ts'

/** What clawbacks of earnings still miss. Lock the owner's account before the earnings. */

/** The key of what one return of points recovers for one earning; the id has no slash. */
const recoveryKey = (earningId: string, returnKey: string) => `recover/${earningId}/${returnKey}`

/**
 * Books what follows a return of points: they settle open shortfalls of their owner's earnings, then those past
 * their dates expire.
 * @param account the locked account after the return
 * @param returned the lots that the return put into it
 * @param returnKey the operation key of the return
 */
export async function followReturn(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  { returned, returnKey }: { readonly returned: readonly Lot[]; readonly returnKey: string },
): Promise<void> {
  await expireLots(tx, vault, await recover(tx, vault, account, returned, returnKey))
}

async function recover(
  tx: Tx,
  vault: LedgerCipher,
  account: Account,
  returned: readonly Lot[],
  returnKey: string,
): Promise<Account> {
  if (account.currency !== 'ZJF' || returned.length === 0) return account
  const open = await tx
    .selectFrom('earnings')
    .select(['id', 'open_shortfall', 'expires_at'])
    .where('owner_id', '=', account.ownerId)
    .where('open_shortfall', '>', '0')
    .orderBy('id')
    .forUpdate()
    .execute()
  const shortfalls = open.map((row) => ({
    id: row.id,
    amount: BigInt(row.open_shortfall),
    expiresAt: row.expires_at?.getTime() ?? null,
  }))
  let after = account
  for (const { id, left, lots } of recoveryOf(shortfalls, returned, account.now)) {
    const cause = { operationKey: recoveryKey(id, returnKey), reason: 'shortfall_recovered' }
    after = await post(tx, vault, after, { kind: 'adjust', change: remove(after.wallet, lots), cause })
    await tx
      .updateTable('earnings')
      .set({ open_shortfall: left, updated_at: new Date() })
      .where('id', '=', id)
      .execute()
  }
  return after
}
