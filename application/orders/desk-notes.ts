import type { Tx } from '../../db/client.ts'
import {
  countDeskNotes,
  type DeskNote,
  findAssignee,
  findDeskNote,
  insertDeskNote,
  listDeskNotes,
  setAssignee,
} from '../../db/orders/desk-notes.ts'
import { findOrderForUpdate } from '../../db/orders/orders.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import { DESK_NOTES_MAX, type NoteKind } from '../../domain/orders/desk-notes.ts'
import type { MessageReader } from './messages.ts'
import type { OrderView } from './view.ts'

export interface DeskNoteView {
  readonly id: string
  readonly kind: NoteKind
  readonly by: string
  /** With `assigned`. */
  readonly assignee: string | null
  /** With `note`. */
  readonly text: string | null
  /** ISO 8601 UTC. */
  readonly at: string
}

export interface DeskView {
  /** The operator who looks after the order; null: nobody in particular. */
  readonly assignee: string | null
  /** Newest first. */
  readonly notes: readonly DeskNoteView[]
}

type DeskOrder = Pick<OrderView, 'order_no' | 'owner_id'>

export async function readDesk({ db, sealer }: MessageReader, orderNo: string): Promise<DeskView> {
  const [assignee, notes] = await Promise.all([
    findAssignee(db, orderNo),
    listDeskNotes(db, orderNo, DESK_NOTES_MAX),
  ])
  return { assignee: assignee ?? null, notes: notes.map((note) => viewOf(sealer, note)) }
}

/**
 * Adds a note for operators. A repeat under the same key changes nothing.
 * @throws DomainError ORDER_STATE_CONFLICT for an attempt that is no order; RATE_LIMITED with too many;
 * FORBIDDEN for an operator's own order
 */
export async function addDeskNote(
  { db, sealer }: MessageReader,
  order: DeskOrder,
  operatorId: string,
  text: string,
  operationKey: string,
): Promise<void> {
  const { order_no } = order
  const said = sealer.seal(text, placeOf({ order_no, operation_key: operationKey }))
  await db.transaction().execute(async (tx) => {
    if (!(await lockFor(tx, order, operatorId, operationKey))) return
    const note = { order_no, kind: 'note' as const, actor_id: operatorId, assignee: null, said }
    await insertDeskNote(tx, { ...note, operation_key: operationKey })
  })
}

/** Makes an operator look after the order, or nobody. @param assignee null: nobody @throws as `addDeskNote` */
export async function assignOrder(
  { db }: Pick<MessageReader, 'db'>,
  order: DeskOrder,
  operatorId: string,
  assignee: string | null,
  operationKey: string,
): Promise<void> {
  const { order_no } = order
  // Nobody looks after an order of their own.
  if (assignee !== null) mustNotBeOwn(assignee, order.owner_id)
  await db.transaction().execute(async (tx) => {
    const locked = await lockFor(tx, order, operatorId, operationKey)
    if (!locked || locked.assignee === assignee) return
    await setAssignee(tx, order_no, assignee)
    const kind = assignee === null ? ('unassigned' as const) : ('assigned' as const)
    const change = { order_no, kind, actor_id: operatorId, assignee, said: null }
    await insertDeskNote(tx, { ...change, operation_key: operationKey })
  })
}

/** @returns undefined for a repeat */
async function lockFor(tx: Tx, order: DeskOrder, operatorId: string, operationKey: string) {
  mustNotBeOwn(operatorId, order.owner_id)
  const locked = await findOrderForUpdate(tx, order.order_no)
  if (!locked) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  if (await findDeskNote(tx, order.order_no, operationKey)) return undefined
  if ((await countDeskNotes(tx, order.order_no)) >= DESK_NOTES_MAX) {
    throw new DomainError({ code: 'RATE_LIMITED' })
  }
  return locked
}

/** Binds a text to its note. */
const placeOf = ({ order_no, operation_key }: Pick<DeskNote, 'order_no' | 'operation_key'>): string =>
  JSON.stringify(['desk-note', order_no, operation_key])

function viewOf(sealer: MessageReader['sealer'], note: DeskNote): DeskNoteView {
  return {
    id: note.id,
    kind: note.kind,
    by: note.actor_id,
    assignee: note.assignee,
    text: note.said === null ? null : (sealer.open(note.said, placeOf(note)) as string),
    at: note.created_at.toISOString(),
  }
}
