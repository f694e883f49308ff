import { LEVEL_MAX, setLevel } from '../../../application/customers/users.ts'
import { BLOCK_ID_MAX, block, setFrozen, unblock } from '../../../application/wallet/freezes.ts'
import {
  addCash,
  adjustPoints,
  ENTRY_POINTS_MAX,
  grantPoints,
  REASON_MAX,
} from '../../../application/wallet/wallets.ts'
import type { Right } from '../../../domain/access.ts'
import { isDay } from '../../../domain/business-time.ts'
import { type Fen, moneyFromFen } from '../../../domain/money.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { Form } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import { versionsOf } from '../../form/stale-form.ts'
import type { WebDeps } from '../../shared/deps.ts'
import { moneyText, pointsText, signed } from '../../shared/format.ts'
import { textsIn } from '../../texts/common/common.ts'
import { type ACTIONS, ACTION_FORM as F } from '../../texts/console/wallets.ts'

export type ActionName = keyof typeof ACTIONS

/** From these amounts, a confirmation is required. */
export const LARGE_POINTS = 10_000
const LARGE_FEN: Fen = 100_000n

type FieldName = 'points' | 'amount' | 'way' | 'expires' | 'reason' | 'level'

export const ACTION_FIELDS: Readonly<Record<ActionName, readonly FieldName[]>> = {
  grant: ['points', 'expires', 'reason'],
  adjust: ['way', 'points', 'reason'],
  cash: ['amount', 'reason'],
  block: ['points', 'reason'],
  unblock: ['reason'],
  freeze: ['reason'],
  unfreeze: ['reason'],
  level: ['level', 'reason'],
}

/** The same rights as in the API. */
export const rightFor = (name: ActionName): Right => (name === 'level' ? 'operate' : 'change_wallets')
/** Not available with an external wallet. */
export const needsLedger = (name: ActionName): boolean => name !== 'level' && name !== 'cash'

interface Cause {
  readonly operationKey: string
  readonly operatorId: string
}

interface Wish {
  readonly read: ReturnType<typeof readFields>
  /** Asks before it is done. */
  readonly asks: boolean
  /** Points, or cash in fen; signed. */
  readonly points: number
  readonly fen: Fen
  readonly level: number
  run(deps: WebDeps, owner: string, by: Cause): Promise<unknown>
}

/** Run it only if `read.errors` is empty. */
export function readAction(name: ActionName, form: Form, lang: Lang): Wish {
  const t = textsIn(lang)
  const read = readFields(form, lang, {
    points: t(F.points),
    amount: t(F.amount),
    way: t(F.way),
    expires: t(F.expires),
    reason: t(F.reason),
    level: t(F.level),
    block: t(F.blocked),
  })
  const has = (field: FieldName) => ACTION_FIELDS[name].includes(field)
  const count = has('points') ? (read.int('points', 1, ENTRY_POINTS_MAX) ?? missing(read, 'points')) : 0
  const points = has('way') && read.oneOf('way', ['add', 'take']) === 'take' ? -count : count
  const fen = has('amount') ? (read.fen('amount') ?? BigInt(missing(read, 'amount'))) : 0n
  if (has('amount') && fen === 0n) read.wrong('amount', 'min', '0.01')
  const level = has('level') ? (read.int('level', 0, LEVEL_MAX) ?? missing(read, 'level')) : 0
  const expiresAt = has('expires') ? endOfDay(read, form.expires ?? '') : null
  const blockId = name === 'unblock' ? read.code('block', 1, BLOCK_ID_MAX) : ''
  const reason = has('reason') ? read.text('reason', 1, REASON_MAX) : ''
  return {
    read,
    asks: name === 'level' || (name !== 'block' && (count >= LARGE_POINTS || fen >= LARGE_FEN)),
    points,
    fen,
    level,
    async run(deps, owner, by) {
      const cause = { ...by, reason }
      switch (name) {
        case 'grant':
          return grantPoints(deps, owner, points, expiresAt, cause)
        case 'adjust':
          return adjustPoints(deps, owner, points, cause)
        case 'cash':
          return addCash(deps, owner, fen, cause)
        case 'block':
          return block(deps, owner, points, cause)
        case 'unblock':
          return unblock(deps, owner, blockId, deps.expiryGraceMs, cause)
        case 'freeze':
        case 'unfreeze':
          return setFrozen(deps, owner, name === 'freeze', cause)
        case 'level':
          return setLevel(deps.db, owner, level, { ...cause, known: versionsOf(form) })
      }
    },
  }
}

/** `+12,000 积分`, `¥1,500.00`. */
export function changeText({ points, fen }: Pick<Wish, 'points' | 'fen'>, lang: Lang): string {
  if (fen > 0n) return `+${moneyText(moneyFromFen(fen))}`
  return pointsText(points, lang).replace(/^[-\d,]+/, signed(points))
}

function missing(read: Wish['read'], name: FieldName): number {
  read.wrong(name, 'required')
  return 0
}

/** End of that day in Shanghai; null if empty. */
function endOfDay(read: Wish['read'], day: string): Date | null {
  if (day === '') return null
  const end = isDay(day) ? new Date(`${day}T23:59:59.999+08:00`) : new Date(Number.NaN)
  if (!Number.isNaN(end.getTime()) && end.getTime() > Date.now()) return end
  read.wrong('expires', Number.isNaN(end.getTime()) ? 'format' : 'future')
  return null
}
