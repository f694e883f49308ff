import { contactMeanings, contactTerms } from '../../domain/customers/contact.ts'
import type { Db } from '../client.ts'
import type { Encryptor, Mac } from '../platform/encryption.ts'

const contextOf = (kind: string) => `receiver/${kind}`

/** Half of a hash tells receivers apart. */
const termOf = ({ mac }: Mac) => mac.subarray(0, 16)

/** The keyed hashes by which an order is found by its receiver; none without an address. */
export function contactHashes(
  sealer: Encryptor,
  address: Readonly<Record<string, unknown>> | undefined,
): Buffer[] {
  return contactTerms(address ?? {}).map(({ kind, text }) => termOf(sealer.macs(text, contextOf(kind))[0]))
}

/** The hashes that the order of a receiver may have, one of whom these words name. */
export function searchedContacts(sealer: Encryptor, words: string): Buffer[] {
  return contactMeanings(words).flatMap(({ kind, text }) => sealer.macs(text, contextOf(kind)).map(termOf))
}

const BATCH = 500

/**
 * Indexes orders that the database has without their hashes: a batch. An address that does not open is not found by.
 * @returns how many there were
 */
export async function indexContacts({
  db,
  sealer,
}: {
  readonly db: Db
  readonly sealer: Encryptor
}): Promise<number> {
  const orders = await db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'address_info'])
    .where('contact_terms', 'is', null)
    .where('address_info', 'is not', null)
    .orderBy('id')
    .limit(BATCH)
    .execute()
  for (const { order_no, address_info } of orders) {
    await db
      .updateTable('points_exchange_orders')
      .set({ contact_terms: contactHashes(sealer, openAddress(sealer, order_no, address_info)) })
      .where('order_no', '=', order_no)
      // Changed in the meantime: the next round.
      .where('address_info', '=', address_info)
      .where('contact_terms', 'is', null)
      .execute()
  }
  return orders.length
}

function openAddress(
  sealer: Encryptor,
  orderNo: string,
  sealed: Buffer | null,
): Record<string, unknown> | undefined {
  try {
    return sealed ? (sealer.open(sealed, `address/${orderNo}`) as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
