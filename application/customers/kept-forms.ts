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

/** How long a form waits for its owner. */
export const KEPT_FORM_SECONDS = 1800

/** 64 KB each at the most, as a body is: under 800 MB when everything is full. */
const LIMITS: KeptFormLimits = { perBrowser: 3, perOwner: 10, perSource: 20, nobodys: 2_000, owned: 10_000 }

/** A form that could not be taken, because nobody was signed in any more. */
interface SentForm {
  /** Where it was sent to, with the query. */
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

/** Where a form came from. */
interface Sender {
  /** The secret in the browser's cookie; undefined where it has none yet. */
  readonly browser: string | undefined
  /** The token of the session that has ended, which says whose it is. */
  readonly session: string | undefined
  readonly networkAddress: string | undefined
}

const CONTEXT = 'kept-form'

/**
 * Keeps a form, so that nothing typed is lost while its owner signs in again.
 * @returns the secret that the browser shows to have it back; undefined where too much is kept already
 */
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

/**
 * One of 65,536 groups of network addresses: enough to tell a stranger from others, too little to say who it was.
 * Of an IPv6 address the first half counts: a household has all of the second.
 */
function sourceOf(networkAddress = ''): number {
  const [address = ''] = networkAddress.split('%', 1)
  return createHash('sha256')
    .update(isIPv6(address) ? firstHalf(address) : address)
    .digest()
    .readInt16BE()
}

function firstHalf(address: string): string {
  // A URL writes one address in one way, with `::` once at the most.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::', 2)
  const [first, last] = [head, tail].map((groups) => groups.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - (first?.length ?? 0) - (last?.length ?? 0))).fill('0')
  return [...(first ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}

/**
 * For whoever signs in at this browser: its forms that nobody owns are his from now on.
 * @returns whether a form of his waits that he has not been shown yet
 */
export async function claimKeptForms({ db }: Place, browser: string, ownerId: string): Promise<boolean> {
  return (await claimForms(db, browser, ownerId)) > 0
}

/** What this browser sent, of this owner's only. */
export async function readKeptForms(
  { db, sealer }: Place,
  browser: string,
  ownerId: string,
): Promise<KeptForm[]> {
  const rows = await listForms(db, browser, ownerId)
  return rows.map(({ id, sealed }) => ({ id, ...(sealer.open(sealed, CONTEXT) as SentForm) }))
}

/** @param id all of the browser's where it is left out */
export async function forgetKeptForms(
  { db }: Pick<Place, 'db'>,
  browser: string,
  id?: string,
): Promise<void> {
  await deleteForms(db, browser, id)
}
