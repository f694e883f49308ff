import { Hono } from 'hono'
import { html } from 'hono/html'
import { isKnownUser, isOwnerId } from '../../../application/customers/users.ts'
import {
  EARNING_SOURCE,
  type EarningView,
  EXTERNAL_ID,
  earn,
  readEarnings,
  reverse,
} from '../../../application/wallet/earnings.ts'
import { ENTRY_POINTS_MAX, mustBeOurs, REASON_MAX } from '../../../application/wallet/wallets.ts'
import { hasRight, mustHaveRight, mustNotBeOwn } from '../../../domain/access.ts'
import { dayInShanghai, isDay } from '../../../domain/business-time.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { pointsFor } from '../../../domain/wallet/earning.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { confirmPage } from '../../form/confirm-page.ts'
import { errorSummary, type Form, type FormErrors, field, formFields, readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, moneyText, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { EARNING_STATES, EARNINGS as T } from '../../texts/console/earnings.ts'
import { ACTION_FORM, WALLET } from '../../texts/console/wallets.ts'
import { consolePage } from '../layout.ts'
import { walletAt } from './wallet-action-page.ts'
import { LARGE_POINTS } from './wallet-actions.ts'

const PER_PAGE = 20
const at = '/:owner/earnings'
const one = `${at}/:id{[1-9]\\d{0,17}}/reverse`

export function consoleEarningRoutes(deps: WebDeps) {
  const mayReport = (c: WebContext, owner: string): boolean => {
    const { sub, role } = viewerOf(c)
    return sub !== owner && hasRight(role, 'report_earnings')
  }

  /** @throws DomainError NOT_FOUND if the id is invalid, FORBIDDEN with an external wallet */
  const ownerOf = (c: WebContext): string => {
    const owner = c.req.param('owner') ?? ''
    if (!isOwnerId(owner)) throw new DomainError({ code: 'NOT_FOUND' })
    mustBeOurs(deps)
    return owner
  }

  /** For changes. @throws DomainError FORBIDDEN without the right */
  const ownerToBookFor = (c: WebContext): string => {
    const { sub, role } = viewerOf(c)
    mustHaveRight(role, 'report_earnings')
    const owner = ownerOf(c)
    mustNotBeOwn(sub, owner)
    return owner
  }

  async function showList(c: WebContext, owner: string, form: Form, errors: FormErrors = {}) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const page = Number(/^[1-9]\d{0,3}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1)
    const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
    const { earnings, total } = await readEarnings(deps, { ownerId: owner }, slice)
    const last = Math.max(1, Math.ceil(total / PER_PAGE))
    if (page > last) return c.redirect(`${walletAt(owner)}/earnings?page=${last}`, 303)
    const done = c.req.query('done')
    const main = html`
      <nav aria-label="${t(T.customer)}"><a class="up press" href="${walletAt(owner)}"><span aria-hidden="true">‹</span> ${owner}</a></nav>
      <h1>${t(T.title)} <small class="muted">${owner}</small></h1>
      <p class="lead">${t(T.hint)}</p>
      ${done === 'told' ? html`<p class="notice good" role="status">${t(T.told)}</p>` : ''}
      ${done === 'known' ? html`<p class="notice warn" role="status">${t(T.known)}</p>` : ''}
      ${done === 'reversed' ? html`<p class="notice good" role="status">${t(T.reversed)}</p>` : ''}
      ${earnings.length === 0 ? html`<div class="empty"><h2>${t(T.empty)}</h2></div>` : table(owner, earnings, mayReport(c, owner), lang)}
      ${pager(c, page, last)}
      ${mayReport(c, owner) ? earningForm(c, owner, form, errors) : html`<p class="hint">${t(viewerOf(c).sub === owner ? WALLET.own : T.adminOnly)}</p>`}`
    const status = Object.keys(errors).length > 0 ? 422 : 200
    return consolePage(c, { title: `${t(T.title)} · ${owner}`, main, section: 'users' }, status)
  }

  /** @throws DomainError NOT_FOUND, also for another customer's earning */
  async function find(c: WebContext, owner: string): Promise<EarningView> {
    const id = c.req.param('id') ?? ''
    const { earnings } = await readEarnings(deps, { ownerId: owner, id }, { limit: 1, offset: 0 })
    if (!earnings[0]) throw new DomainError({ code: 'NOT_FOUND' })
    return earnings[0]
  }

  function askReverse(
    c: WebContext,
    owner: string,
    earning: EarningView,
    form: Form,
    errors: FormErrors = {},
  ) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const main = html`
      <nav aria-label="${t(T.title)}"><a class="up press" href="${walletAt(owner)}/earnings"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
      <form method="post" class="card ask" novalidate>
        <h1>${t(T.reverseTitle)}</h1>
        ${formFields(c, form.once)}
        ${errorSummary(errors, lang)}
        <p><strong class="digits">${grouped(earning.points)}</strong> ${t(T.points)} · ${earning.source} <span class="code">${earning.external_id}</span></p>
        <p>${t(deps.clawbackIntoDebt ? T.reverseIntoDebt : T.reverseHint)}</p>
        ${field({ name: 'reason', label: t(T.reason), value: form.reason, error: errors.reason, required: true, maxlength: REASON_MAX })}
        <div class="row"><button>${t(T.reverse)}</button><a class="button plain" href="${walletAt(owner)}/earnings">${t(T.keep)}</a></div>
      </form>`
    const status = Object.keys(errors).length > 0 ? 422 : 200
    return consolePage(c, { title: t(T.reverseTitle), main, section: 'users' }, status)
  }

  return new Hono<WebEnv>()
    .get(at, (c) => showList(c, ownerOf(c), { source: 'order' }))
    .post(at, async (c) => {
      const owner = ownerToBookFor(c)
      const { confirmed, ...form } = await readForm(c)
      const { wish, read } = readEarning(form, c.get('lang'))
      if (Object.keys(read.errors).length > 0 || confirmed === 'no')
        return showList(c, owner, form, read.errors)
      const points = wish.fen === undefined ? (wish.points ?? 0) : Number(pointsFor(wish.fen, deps.earning))
      const isNew = !(await isKnownUser(deps.db, owner))
      if ((points >= LARGE_POINTS || isNew) && confirmed !== 'yes') {
        const t = textsIn(c.get('lang'))
        return confirmPage(c, `${walletAt(owner)}/earnings`, form, [
          [
            t(T.customer),
            html`<strong>${owner}</strong>${isNew ? html`<p class="notice warn">${t(ACTION_FORM.neverSeen)}</p>` : ''}`,
          ],
          ...(form.amount ? [[t(T.amount), form.amount] as const] : []),
          [t(T.points), grouped(points)],
          [t(T.externalId), wish.externalId],
        ])
      }
      try {
        const request = { ...wish, ownerId: owner, operatorId: viewerOf(c).sub }
        const { isNew } = await earn(deps, deps.earning, request)
        return c.redirect(`${walletAt(owner)}/earnings?done=${isNew ? 'told' : 'known'}`, 303)
      } catch (error) {
        if (error instanceof InvalidInputError) read.invalid(error, { occurred_at: 'occurred' })
        else if (error instanceof DomainError && error.refusal.code === 'IDEMPOTENCY_KEY_REUSED') {
          read.wrong('external_id', 'taken')
        } else throw error
        return showList(c, owner, form, read.errors)
      }
    })
    .get(one, async (c) => {
      const owner = ownerToBookFor(c)
      return askReverse(c, owner, await find(c, owner), {})
    })
    .post(one, async (c) => {
      const owner = ownerToBookFor(c)
      const earning = await find(c, owner)
      const form = await readForm(c)
      const read = readFields(form, c.get('lang'), { reason: textsIn(c.get('lang'))(T.reason) })
      const reason = read.text('reason', 1, REASON_MAX)
      if (Object.keys(read.errors).length > 0) return askReverse(c, owner, earning, form, read.errors)
      await reverse(deps, earning.id, deps.clawbackIntoDebt, { operatorId: viewerOf(c).sub, reason })
      return c.redirect(`${walletAt(owner)}/earnings?done=reversed`, 303)
    })
}

function readEarning(form: Form, lang: Lang) {
  const t = textsIn(lang)
  const read = readFields(form, lang, {
    source: t(T.source),
    external_id: t(T.externalId),
    amount: t(T.amount),
    points: t(T.points),
    occurred: t(T.occurred),
  })
  const source = read.code('source', 1, 32)
  if (source && !EARNING_SOURCE.test(source)) read.wrong('source', 'format')
  const externalId = read.code('external_id', 1, 128)
  if (externalId && !EXTERNAL_ID.test(externalId)) read.wrong('external_id', 'format')
  const fen = read.fen('amount')
  const points = read.int('points', 1, ENTRY_POINTS_MAX)
  const isRead = read.errors.amount === undefined && read.errors.points === undefined
  if (isRead && (fen === undefined) === (points === undefined)) read.say('amount', t(T.oneOfThem))
  const day = read.code('occurred', 0, 10)
  if (day && !isDay(day)) read.wrong('occurred', 'format')
  const occurredAt = day && isDay(day) ? dayInShanghai(day).from : undefined
  return { wish: { source, externalId, fen, points, occurredAt }, read }
}

function earningForm(c: WebContext, owner: string, form: Form, errors: FormErrors): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const one = (name: string, label: string, more: Partial<Parameters<typeof field>[0]> = {}) =>
    field({ name, label, value: form[name], error: errors[name], ...more })
  return html`<form method="post" action="${walletAt(owner)}/earnings" class="card stack" novalidate>
    <h2>${t(T.add)}</h2>
    ${formFields(c, form.once)}
    ${errorSummary(errors, lang)}
    <div class="pair">
      ${one('source', t(T.source), { required: true, hint: t(T.sourceHint), maxlength: 32 })}
      ${one('external_id', t(T.externalId), { required: true, hint: t(T.externalIdHint), maxlength: 128 })}
    </div>
    <div class="pair">
      ${one('amount', t(T.amount), { inputmode: 'decimal', hint: t(T.amountHint) })}
      ${one('points', t(T.points), { inputmode: 'numeric', hint: t(T.pointsHint) })}
      ${one('occurred', t(T.occurred), { type: 'date', hint: t(T.occurredHint) })}
    </div>
    <div class="row"><button>${t(T.add)}</button></div>
  </form>`
}

function table(owner: string, earnings: readonly EarningView[], mayUndo: boolean, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds pairs">
    <caption class="sr">${t(T.title)}</caption>
    <thead><tr><th scope="col">${t(T.externalId)}</th><th scope="col">${t(T.state)}</th>
      <th scope="col" class="number">${t(T.points)}</th><th scope="col" class="number">${t(T.amount)}</th>
      <th scope="col">${t(T.occurred)}</th><th scope="col">${t(T.matures)}</th>${mayUndo ? html`<th scope="col">${t(T.actions)}</th>` : ''}</tr></thead>
    <tbody>${earnings.map(
      (earning) => html`<tr>
        <th scope="row"><span class="code">${earning.external_id}</span> <span class="muted small">${earning.source}</span></th>
        <td data-label="${t(T.state)}" class="plainly left"><div>${stateBadge(earning, lang)}
          ${earning.reverse_reason === null ? '' : html`<p class="hint">${earning.reverse_reason}</p>`}</div></td>
        <td data-label="${t(T.points)}" class="number digits"><div>${grouped(earning.points)}
          ${earning.capped_points > 0 ? html`<p class="hint">${t(T.capped)} ${grouped(earning.capped_points)}</p>` : ''}
          ${earning.open_shortfall > 0 ? html`<p class="hint">${t(T.shortfall)} ${grouped(earning.open_shortfall)}</p>` : ''}</div></td>
        <td data-label="${t(T.amount)}" class="number">${earning.amount === null ? '—' : moneyText(earning.amount)}</td>
        <td data-label="${t(T.occurred)}" class="small muted">${time(earning.occurred_at, lang)}</td>
        <td data-label="${t(T.matures)}" class="small muted">${time(earning.mature_at, lang)}</td>
        ${mayUndo ? html`<td>${earning.state === 'reversed' ? '' : html`<a class="press" href="${walletAt(owner)}/earnings/${earning.id}/reverse">${t(T.reverse)}</a>`}</td>` : ''}
      </tr>`,
    )}</tbody>
  </table>`
}

const LOOKS = { pending: 'warn', granted: 'good', reversed: '' } as const

const stateBadge = ({ state }: EarningView, lang: Lang) =>
  html`<span class="badge ${LOOKS[state]}">${textsIn(lang)(EARNING_STATES[state])}</span>`
