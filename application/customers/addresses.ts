import { createHash } from 'node:crypto'
import type { Db } from '../../db/client.ts'
import {
  type AddressRow,
  deleteAddress,
  findAddress,
  insertAddress,
  listAddresses,
  lockAddresses,
  makeDefault,
  updateAddress,
} from '../../db/customers/addresses.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { ADDRESS_MAX, type Address, plainAddress } from '../../domain/customers/address.ts'
import { isPhone } from '../../domain/customers/phone.ts'
import { DomainError, type FieldError, InvalidInputError } from '../../domain/errors.ts'
import { lengthOf } from '../../domain/text.ts'
import { type KnownVersions, mustBeCurrent } from '../../domain/versions.ts'

export interface AddressBooks {
  readonly db: Db
  readonly sealer: Encryptor
}

export interface AddressView extends Address {
  readonly id: string
  readonly is_default: boolean
  /** Another one after each change. */
  readonly version: string
}

export const ADDRESSES_MAX = 20

const contextOf = (ownerId: string) => `address-book/${ownerId}`

const view = (sealer: Encryptor, ownerId: string, { id, sealed, is_default }: AddressRow): AddressView => ({
  ...(sealer.open(sealed, contextOf(ownerId)) as Address),
  id,
  is_default,
  version: versionOf(sealed),
})

/** Sealing the same address twice gives different bytes. */
const versionOf = (sealed: Buffer) => createHash('sha256').update(sealed).digest('hex').slice(0, 16)

/** Default first, then newest. */
export async function readAddresses({ db, sealer }: AddressBooks, ownerId: string): Promise<AddressView[]> {
  return (await listAddresses(db, ownerId)).map((row) => view(sealer, ownerId, row))
}

/** @throws DomainError NOT_FOUND, also for another owner's address */
export async function readAddress(
  { db, sealer }: AddressBooks,
  ownerId: string,
  id: string,
): Promise<AddressView> {
  const row = await findAddress(db, ownerId, id)
  if (!row) throw new DomainError({ code: 'NOT_FOUND' })
  return view(sealer, ownerId, row)
}

/** The first address becomes the default. @throws InvalidInputError with all errors, or if the address book is full */
export async function addAddress(
  { db, sealer }: AddressBooks,
  ownerId: string,
  given: Address,
  asDefault: boolean,
  operationKey: string,
): Promise<void> {
  const address = checkedAddress(given)
  await db.transaction().execute(async (tx) => {
    await lockAddresses(tx, ownerId)
    const known = await listAddresses(tx, ownerId)
    const id = await insertAddress(tx, ownerId, sealer.seal(address, contextOf(ownerId)), operationKey)
    if (id === undefined) return
    if (known.length >= ADDRESSES_MAX) {
      throw new InvalidInputError({ field: 'addresses', rule: 'max', bound: `${ADDRESSES_MAX}` })
    }
    if (asDefault || known.length === 0) await makeDefault(tx, ownerId, id)
  })
}

/**
 * @throws DomainError NOT_FOUND; STALE if it has changed since the known versions
 * @throws InvalidInputError with all errors
 */
export async function changeAddress(
  { db, sealer }: AddressBooks,
  ownerId: string,
  id: string,
  given: Address,
  asDefault: boolean,
  known?: KnownVersions,
): Promise<void> {
  const address = checkedAddress(given)
  await db.transaction().execute(async (tx) => {
    await lockAddresses(tx, ownerId)
    const before = await findAddress(tx, ownerId, id)
    if (before) mustBeCurrent(versionOf(before.sealed), known)
    if (!(await updateAddress(tx, ownerId, id, sealer.seal(address, contextOf(ownerId))))) {
      throw new DomainError({ code: 'NOT_FOUND' })
    }
    if (asDefault) await makeDefault(tx, ownerId, id)
  })
}

export async function chooseDefaultAddress({ db }: AddressBooks, ownerId: string, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockAddresses(tx, ownerId)
    if (!(await findAddress(tx, ownerId, id))) throw new DomainError({ code: 'NOT_FOUND' })
    await makeDefault(tx, ownerId, id)
  })
}

/** If the default is deleted, the newest remaining address becomes the default. Idempotent. */
export async function removeAddress({ db }: AddressBooks, ownerId: string, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await lockAddresses(tx, ownerId)
    await deleteAddress(tx, ownerId, id)
    const [first] = await listAddresses(tx, ownerId)
    if (first && !first.is_default) await makeDefault(tx, ownerId, first.id)
  })
}

/** @returns the normalized address @throws InvalidInputError with all errors */
export function checkedAddress(given: Address): Address {
  const nothing = { name: '', phone: '', province: '', city: '', district: '', detail: '' }
  const address: Address = { ...nothing, ...plainAddress(given) }
  const errors: FieldError[] = []
  for (const field of ['name', 'phone', 'province', 'city', 'district', 'detail'] as const) {
    const text = address[field]
    if (text === '' && field !== 'district') errors.push({ field, rule: 'required' })
    else if (/\p{Cc}/u.test(text) || !text.isWellFormed()) errors.push({ field, rule: 'characters' })
    else if (lengthOf(text) > ADDRESS_MAX[field]) {
      errors.push({ field, rule: 'max_length', bound: `${ADDRESS_MAX[field]}` })
    } else if (field === 'phone' && !isPhone(text)) errors.push({ field, rule: 'format' })
  }
  if (errors.length > 0) throw new InvalidInputError(...errors)
  return address
}
