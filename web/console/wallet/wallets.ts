import { html } from 'hono/html'
import { type LevelChangeView, readLevelChanges, readUser } from '../../../application/customers/users.ts'
import { type GuardedWallet, readGuardedWallet } from '../../../application/wallet/freezes.ts'
import { ENTRY_KINDS, readStatement, type StatementEntry } from '../../../application/wallet/statement.ts'
import { hasRight } from '../../../domain/access.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { moneyFromFen } from '../../../domain/money.ts'
import { kindText, reasonText } from '../../../i18n/entry-texts.ts'
import { choice } from '../../form/form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { exactTime, grouped, lastDay, moneyText, pointsText, signed, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { ACTIONS, CUSTOMERS, WALLET as T, WALLET_DONE } from '../../texts/console/wallets.ts'
import { consolePage } from '../layout.ts'
import { walletAt } from './wallet-action-page.ts'
import { type ActionName, needsLedger, rightFor } from './wallet-actions.ts'

const PER_PAGE = 30

export async function showWallet(c: WebContext, deps: WebDeps, owner: string) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const [wallet, { level }, changes, statement] = await Promise.all([
    readGuardedWallet(deps, owner),
    readUser(deps.db, owner),
    readLevelChanges(deps.db, owner),
    statementOf(c, deps, owner),
  ])
  const done = c.req.query('done') ?? ''
  const main = html`
    <nav aria-label="${t(CUSTOMERS.title)}"><a class="up press" href="/admin/users"><span aria-hidden="true">‹</span> ${t(CUSTOMERS.title)}</a></nav>
    <div class="row spread"><h1>${owner}</h1>
      <div class="row"><a class="press" href="/admin/orders?owner_id=${encodeURIComponent(owner)}">${t(T.orders)}</a>
        ${deps.outsideWallet ? '' : html`<a class="press" href="${walletAt(owner)}/earnings">${t(T.earnings)}</a>`}</div></div>
    ${
      Object.hasOwn(WALLET_DONE, done)
        ? html`<p class="notice good" role="status">${t(WALLET_DONE[done as ActionName])}</p>`
        : ''
    }
    ${wallet.frozen === null ? '' : html`<p class="notice warn">${t(T.frozen)} ${t(T.frozenFor)}${wallet.frozen}</p>`}
    <div class="wallet-top">
      <section class="ticket" aria-label="${t(T.of)}">
        <div class="body"><p class="muted">${t(CUSTOMERS.available)}</p>
          <p class="digits balance">${grouped(wallet.available)}</p></div>
        <dl class="stub facts">
          <dt>${t(CUSTOMERS.held)}</dt><dd>${pointsText(wallet.held, lang)}</dd>
          <dt>${t(CUSTOMERS.cash)}</dt><dd>${moneyText(wallet.cash)}</dd>
          <dt>${t(CUSTOMERS.level)}</dt><dd>${level ?? t(CUSTOMERS.noLevel)}</dd>
        </dl>
      </section>
      ${lots(c, wallet)}
      ${actions(c, deps, owner, wallet)}
    </div>
    ${blocks(c, owner, wallet)}
    ${levelChanges(c, changes)}
    ${statement}`
  return consolePage(c, { title: `${t(T.of)} · ${owner}`, main, section: 'users' })
}

function lots(c: WebContext, { available, expiring }: GuardedWallet): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const lasting = available - expiring.reduce((sum, { points }) => sum + points, 0)
  return html`<section class="card stack"><table>
    <caption>${t(T.lots)} <span class="hint">${t(T.lotsHint)}</span></caption>
    <thead><tr><th scope="col">${t(T.expires)}</th><th scope="col" class="number">${t(T.amount)}</th></tr></thead>
    <tbody>
      ${expiring.map(
        ({ points, expires_at }) =>
          html`<tr><td>${lastDay(expires_at)}</td><td class="number digits">${grouped(points)}</td></tr>`,
      )}
      <tr><td>${t(T.never)}</td><td class="number digits">${grouped(lasting)}</td></tr>
    </tbody>
  </table></section>`
}

function actions(c: WebContext, deps: WebDeps, owner: string, wallet: GuardedWallet): Html {
  const t = textsIn(c.get('lang'))
  const { sub, role } = viewerOf(c)
  if (sub === owner) {
    return html`<section class="card stack"><h2>${t(T.actions)}</h2><p class="hint">${t(T.own)}</p></section>`
  }
  const possible: readonly ActionName[] = [
    'grant',
    'adjust',
    'cash',
    'block',
    wallet.frozen === null ? 'freeze' : 'unfreeze',
    'level',
  ]
  const allowed = possible.filter(
    (name) => hasRight(role, rightFor(name)) && !(deps.outsideWallet && needsLedger(name)),
  )
  return html`<section class="card stack"><h2>${t(T.actions)}</h2>
    ${deps.outsideWallet ? html`<p class="hint">${t(T.elsewhere)}</p>` : ''}
    ${hasRight(role, 'change_wallets') ? '' : html`<p class="hint">${t(T.adminOnly)}</p>`}
    <div class="row">${allowed.map(
      (name) => html`<a class="button plain" href="${walletAt(owner)}/${name}">${t(ACTIONS[name])}</a>`,
    )}</div>
  </section>`
}

function blocks(c: WebContext, owner: string, { blocks }: GuardedWallet): Html | '' {
  if (blocks.length === 0) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { sub, role } = viewerOf(c)
  const mayUnblock = sub !== owner && hasRight(role, rightFor('unblock'))
  return html`<section class="card"><table class="folds">
    <caption>${t(T.blocks)}</caption>
    <thead><tr><th scope="col">${t(T.since)}</th><th scope="col" class="number">${t(T.amount)}</th>
      <th scope="col">${t(T.reason)}</th><th scope="col">${t(T.operator)}</th>
      ${mayUnblock ? html`<th scope="col">${t(T.actions)}</th>` : ''}</tr></thead>
    <tbody>${blocks.map(
      ({ block_id, points, reason, operator_id, created_at }) => html`<tr>
        <td data-label="${t(T.since)}">${time(created_at, lang)}</td>
        <td data-label="${t(T.amount)}" class="number digits">${grouped(points)}</td>
        <td data-label="${t(T.reason)}">${reason ?? ''}</td>
        <td data-label="${t(T.operator)}">${operator_id ?? ''}</td>
        ${mayUnblock ? html`<td><a class="press" href="${walletAt(owner)}/unblock?${new URLSearchParams({ block: block_id }).toString()}">${t(ACTIONS.unblock)}</a></td>` : ''}
      </tr>`,
    )}</tbody>
  </table></section>`
}

function levelChanges(c: WebContext, changes: readonly LevelChangeView[]): Html | '' {
  if (changes.length === 0) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<section class="card"><table class="folds">
    <caption>${t(T.levels)}</caption>
    <thead><tr><th scope="col">${t(T.since)}</th><th scope="col" class="number">${t(T.levelFrom)}</th>
      <th scope="col" class="number">${t(T.levelTo)}</th><th scope="col">${t(T.reason)}</th>
      <th scope="col">${t(T.operator)}</th></tr></thead>
    <tbody>${changes.map(
      ({ from, to, reason, operator_id, at }) => html`<tr>
        <td data-label="${t(T.since)}">${time(at, lang)}</td>
        <td data-label="${t(T.levelFrom)}" class="number">${from ?? t(CUSTOMERS.noLevel)}</td>
        <td data-label="${t(T.levelTo)}" class="number">${to}</td>
        <td data-label="${t(T.reason)}">${reason ?? ''}</td>
        <td data-label="${t(T.operator)}">${operator_id}</td>
      </tr>`,
    )}</tbody>
  </table></section>`
}

async function statementOf(c: WebContext, deps: WebDeps, owner: string): Promise<Html> {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const currency = c.req.query('currency') === 'CNY' ? 'CNY' : 'ZJF'
  const kind = ENTRY_KINDS.find((name) => name === c.req.query('kind'))
  const cursor = c.req.query('cursor')
  const { entries, nextCursor } = await readStatement(
    deps,
    { ownerId: owner, currency, kind },
    { limit: PER_PAGE, offset: 0, cursor },
    lang,
  ).catch((error: unknown) => {
    throw error instanceof InvalidInputError ? new DomainError({ code: 'NOT_FOUND' }) : error
  })
  const link = (change: Record<string, string | undefined>) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries({ currency, kind, ...change }))
      if (value) query.set(name, value)
    return `${walletAt(owner)}?${query.toString()}#statement`
  }
  return html`<section class="stack" id="statement">
    <div class="row spread"><h2>${t(T.statement)}</h2>
      <nav class="row" aria-label="${t(T.currencies)}">
        <a class="press" href="${link({ currency: 'ZJF', kind: undefined })}" ${currency === 'ZJF' ? html`aria-current="true"` : ''}>${t(T.points)}</a>
        <a class="press" href="${link({ currency: 'CNY', kind: undefined })}" ${currency === 'CNY' ? html`aria-current="true"` : ''}>${t(T.money)}</a>
      </nav></div>
    <form class="filters" action="${walletAt(owner)}#statement">
      <input type="hidden" name="currency" value="${currency}">
      ${choice('kind', t(T.kind), [['', t(T.allKinds)], ...ENTRY_KINDS.map((name) => [name, kindText(name, lang)] as const)], kind)}
      <div class="row"><button class="plain">${t(CUSTOMERS.find)}</button></div>
    </form>
    ${entries.length === 0 ? html`<p class="empty muted">${t(T.noEntries)}</p>` : entryTable(c, entries, currency)}
    <nav class="pager" aria-label="${t(COMMON.page)}">
      ${cursor ? html`<a class="button plain" href="${link({})}">${t(T.newest)}</a>` : ''}
      ${nextCursor ? html`<a class="button plain" rel="next" href="${link({ cursor: nextCursor })}">${t(T.older)}</a>` : ''}
    </nav>
  </section>`
}

function entryTable(c: WebContext, entries: readonly StatementEntry[], currency: 'ZJF' | 'CNY'): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const change = ({ amount, held }: StatementEntry) => {
    // The available balance fell earlier, when the points were held.
    if (amount === 0n && held !== 0n) return interpolate(t(T.settles), { n: sum(held < 0n ? -held : held) })
    if (amount === 0n) return '—'
    if (currency === 'ZJF') return signed(Number(amount))
    return `${amount > 0n ? '+' : ''}${moneyText(moneyFromFen(amount))}`
  }
  const what = (entry: StatementEntry) =>
    entry.freezes === undefined ? kindText(entry.kind, lang) : t(entry.freezes ? T.freezes : T.unfreezes)
  const sum = (amount: bigint) =>
    currency === 'ZJF' ? grouped(Number(amount)) : moneyText(moneyFromFen(amount))
  return html`<table class="folds pairs many">
    <caption class="sr">${t(T.statement)}</caption>
    <thead><tr><th scope="col">${t(T.kind)}</th><th scope="col" class="number">${t(T.change)}</th>
      <th scope="col">${t(T.reason)}</th><th scope="col" class="number">${t(T.after)}</th>
      <th scope="col">${t(T.operator)}</th><th scope="col">${t(T.since)}</th><th scope="col">${t(T.order)}</th></tr></thead>
    <tbody>${entries.map(
      (entry) => html`<tr>
        <td data-label="${t(T.kind)}" class="plainly left"><strong>${what(entry)}</strong></td>
        <td data-label="${t(T.change)}" class="plainly number digits">${change(entry)}</td>
        <td data-label="${t(T.reason)}" class="plainly left">${reasonText(entry.kind, entry.reason, lang)}</td>
        <td data-label="${t(T.after)}" class="number">${sum(entry.balanceAfter)}</td>
        <td data-label="${t(T.operator)}" class="by left last small">${entry.operatorId ?? ''}</td>
        <td data-label="${t(T.since)}" class="plainly left last small muted">${exactTime(entry.createdAt.toISOString())}</td>
        <td data-label="${t(T.order)}" class="plainly left last small">${entry.orderNo === null ? '' : html`${entry.productTitle === null ? '' : html`${entry.productTitle}<br>`}<a class="press code" href="/admin/orders/${entry.orderNo}">${entry.orderNo}</a>`}</td>
      </tr>`,
    )}</tbody>
  </table>`
}
