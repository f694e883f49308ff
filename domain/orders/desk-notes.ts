/** What operators write down on an order for each other; customers never see it. */

export const NOTE_KINDS = ['note', 'assigned', 'unassigned'] as const
export type NoteKind = (typeof NOTE_KINDS)[number]

/** Code points. */
export const DESK_NOTE_MAX = 500
/** Notes and changes of the assignee of one order. */
export const DESK_NOTES_MAX = 500
