import { createHash, randomBytes } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Db } from '../../db/client.ts'
import {
  claimForms,
  deleteForms,
  insertForm,
  type KeptFormLimits,
  listForms,
  purgeForms,
} from '../../db/customers/kept-forms.ts'
import { findEndedViewer } from '../../db/customers/sessions.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'

export const KEPT_FORM_SECONDS = 1800

/** At most 64 KB each, so less than 800 MB in total. */
const LIMITS: KeptFormLimits = { perBrowser: 3, perOwner: 10, perSource: 20, nobodys: 2_000, owned: 10_000 }

/** A form received after its session expired. */
interface SentForm {
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
}

export interface KeptForm extends SentForm {
  readonly id: string
}

interface Place {
  readonly db: Db
  readonly sealer: Encryptor
}

interface Sender {
  /** Secret in the browser's cookie; undefined: none yet. */
  readonly browser: string | undefined
  /** Identifies the owner after the session has expired. */
  readonly session: string | undefined
  readonly networkAddress: string | undefined
}

const CONTEXT = 'kept-form'

/** Keeps a form until its owner signs in. @returns the secret for the browser; undefined if a limit is reached */
export async function keepForm(
  { db, sealer }: Place,
  form: SentForm,
  sender: Sender,
): Promise<string | undefined> {
  await purgeForms(db)
  const browser = sender.browser ?? randomBytes(32).toString('base64url')
  const ownerId = sender.session === undefined ? undefined : await findEndedViewer(db, sender.session)
  const kept = {
    browser,
    ownerId: ownerId ?? null,
    source: sourceOf(sender.networkAddress),
    sealed: sealer.seal(form, CONTEXT),
    expiresAt: new Date(Date.now() + KEPT_FORM_SECONDS * 1000),
  }
  const isKept = await db.transaction().execute((tx) => insertForm(tx, kept, LIMITS))
  return isKept ? browser : undefined
}

/** One of 65,536 buckets: too coarse to identify anybody. IPv6 counts by /64, which is one household. */
function sourceOf(networkAddress = ''): number {
  const [address = ''] = networkAddress.split('%', 1)
  return createHash('sha256')
    .update(isIPv6(address) ? firstHalf(address) : address)
    .digest()
    .readInt16BE()
}

function firstHalf(address: string): string {
  // `URL` normalizes an address, with at most one `::`.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::', 2)
  const [first, last] = [head, tail].map((groups) => groups.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - (first?.length ?? 0) - (last?.length ?? 0))).fill('0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}

/** Assigns the browser's forms to the owner. @returns whether there is one that the owner has not seen */
export async function claimKeptForms({ db }: Place, browser: string, ownerId: string): Promise<boolean> {
  return (await claimForms(db, browser, ownerId)) > 0
}

export async function readKeptForms(
  { db, sealer }: Place,
  browser: string,
  ownerId: string,
): Promise<KeptForm[]> {
  const rows = await listForms(db, browser, ownerId)
  return rows.map(({ id, sealed }) => ({ id, ...(sealer.open(sealed, CONTEXT) as SentForm) }))
}

/** @param id undefined: all forms of the browser */
export async function forgetKeptForms(
  { db }: Pick<Place, 'db'>,
  browser: string,
  id?: string,
): Promise<void> {
  await deleteForms(db, browser, id)
}
