import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  ENTRY_KINDS,
  readStatement,
  type StatementEntry,
  type StatementQuery,
} from '../../../application/wallet/statement.ts'
import { statementTable } from '../../../application/wallet/statement-csv.ts'
import { readWallet, type WalletView } from '../../../application/wallet/wallets.ts'
import { daysBetween } from '../../../domain/business-time.ts'
import { InvalidInputError } from '../../../domain/errors.ts'
import { moneyFromFen } from '../../../domain/money.ts'
import { kindText } from '../../../i18n/entry-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { choice } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, lastDay, moneyText, pointsText, signed, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { WALLET } from '../../texts/shop/wallet.ts'
import { shopPage } from '../layout.ts'

const PER_PAGE = 20
const LOTS_SHOWN = 6

export function walletRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .use(requireViewer())
    .get('/', async (c) => {
      const query = queryOf(c)
      const [wallet, page] = await Promise.all([
        readWallet(deps, query.ownerId),
        readStatement(
          deps,
          query,
          { limit: PER_PAGE, offset: 0, cursor: c.req.query('cursor') },
          c.get('lang'),
        ).catch(unlessInvalid),
      ])
      if (!page) return c.redirect('/points-mall/wallet', 303)
      return show(c, wallet, query, page, deps.outsideWallet !== undefined)
    })
    .get('/statement.csv', async (c) => {
      const { body, headers } = await statementTable(deps, queryOf(c), c.get('lang'))
      return c.body(body, 200, { ...headers, 'Cache-Control': 'private, no-store' })
    })
}

function queryOf(c: WebContext): StatementQuery {
  const kind = ENTRY_KINDS.find((one) => one === c.req.query('kind'))
  return { ownerId: viewerOf(c).sub, currency: c.req.query('currency') === 'CNY' ? 'CNY' : 'ZJF', kind }
}

function unlessInvalid(error: unknown): undefined {
  if (!(error instanceof InvalidInputError)) throw error
  return undefined
}

interface Page {
  readonly entries: readonly StatementEntry[]
  readonly nextCursor: string | null
}

function show(c: WebContext, wallet: WalletView, query: StatementQuery, page: Page, isOutside: boolean) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const points = [t(WALLET.available), grouped(wallet.available)] as const
  const cash = [t(WALLET.cash), moneyText(wallet.cash)] as const
  const [first, second] = query.currency === 'CNY' ? [cash, points] : [points, cash]
  const main = html`<h1 class="sr">${t(WALLET.title)}</h1>
    <div class="wallet">
      <section class="ticket purse" aria-label="${t(WALLET.title)}">
        <div class="body">
          <p class="muted">${first[0]}</p>
          <p class="digits huge">${first[1]}</p>
        </div>
        <dl class="stub">
          <div><dt>${second[0]}</dt><dd class="digits">${second[1]}</dd></div>
          <div><dt>${t(WALLET.held)}</dt><dd class="digits">${grouped(wallet.held)}</dd>
            <dd class="small muted">${t(WALLET.heldHint)}</dd></div>
        </dl>
      </section>
      <section class="panel" aria-labelledby="expiring">
        <h2 id="expiring">${t(WALLET.expiring)}</h2>
        ${isOutside ? html`<p class="muted">${t(WALLET.outside)}</p>` : lots(wallet, lang)}
      </section>
      ${statement(c, query, page, lang)}
    </div>`
  return shopPage(c, { title: t(WALLET.title), main, tab: 'wallet' })
}

function lots({ expiring }: WalletView, lang: Lang): Html {
  const t = textsIn(lang)
  if (expiring.length === 0) return html`<p class="muted">${t(WALLET.noExpiring)}</p>`
  const rest = expiring.slice(LOTS_SHOWN)
  const last = rest.at(-1)
  return html`<ul class="lots-list">
      ${expiring.slice(0, LOTS_SHOWN).map(
        ({ points, expires_at }) => html`<li>
          <strong class="digits">${pointsText(points, lang)}</strong>
          <span>${interpolate(t(WALLET.until), { t: lastDay(expires_at) })}</span>
          <span class="left muted small">${daysLeft(expires_at, lang)}</span></li>`,
      )}
      ${last ? html`<li class="muted">${interpolate(t(WALLET.moreLots), { n: `${rest.length}`, t: lastDay(last.expires_at) })}</li>` : ''}
    </ul>
    <p class="small muted">${t(WALLET.expiringHint)}</p>`
}

function daysLeft(expiresAt: string, lang: Lang): Html | string {
  const t = textsIn(lang)
  // Calendar days to the last day, not 24 hours.
  const days = daysBetween(Date.now(), Date.parse(expiresAt) - 1)
  if (days < 1) return t(WALLET.today)
  return days === 1 ? t(WALLET.oneDayLeft) : interpolate(t(WALLET.daysLeft), { n: `${days}` })
}

function statement(c: WebContext, query: StatementQuery, { entries, nextCursor }: Page, lang: Lang): Html {
  const t = textsIn(lang)
  const { currency, kind } = query
  const tabs = [
    ['ZJF', t(WALLET.points)],
    ['CNY', t(WALLET.money)],
  ] as const
  return html`<section class="statement" aria-labelledby="statement">
    <div class="row spread">
      <h2 id="statement">${t(WALLET.statement)}</h2>
      <a href="${linkTo('/points-mall/wallet/statement.csv', query)}" download>${t(WALLET.csv)}</a>
    </div>
    <nav class="chips" aria-label="${t(WALLET.which)}">
      ${tabs.map(
        ([name, text]) =>
          html`<a href="${linkTo('/points-mall/wallet', { currency: name, kind: undefined })}" ${name === currency ? html`aria-current="page"` : ''}>${text}</a>`,
      )}
    </nav>
    <form method="get" class="row filter">
      ${currency === 'CNY' ? html`<input type="hidden" name="currency" value="CNY">` : ''}
      ${choice('kind', t(WALLET.kinds), [['', t(WALLET.allKinds)], ...ENTRY_KINDS.map((one) => [one, kindText(one, lang)] as const)], kind ?? '')}
      <button class="plain">${t(WALLET.filter)}</button>
    </form>
    ${
      entries.length > 0
        ? html`<ol class="entries">${entries.map((entry) => html`<li>${line(entry, currency, lang)}</li>`)}</ol>`
        : html`<div class="empty"><h3>${t(kind ? WALLET.emptyKind : WALLET.empty)}</h3><p class="muted">${t(WALLET.emptyHint)}</p></div>`
    }
    <p class="row spread">
      ${c.req.query('cursor') ? html`<a class="button plain" href="${linkTo('/points-mall/wallet', query)}#statement">${t(WALLET.newest)}</a>` : ''}
      ${nextCursor ? html`<a class="button plain" rel="next" href="${linkTo('/points-mall/wallet', query, nextCursor)}#statement">${t(WALLET.older)}</a>` : ''}
    </p>
  </section>`
}

function linkTo(
  path: string,
  { currency, kind }: Pick<StatementQuery, 'currency' | 'kind'>,
  cursor?: string,
): string {
  const query = new URLSearchParams()
  if (currency === 'CNY') query.set('currency', currency)
  if (kind) query.set('kind', kind)
  if (cursor) query.set('cursor', cursor)
  return query.size > 0 ? `${path}?${query.toString()}` : path
}

function line(entry: StatementEntry, currency: 'ZJF' | 'CNY', lang: Lang): Html {
  const t = textsIn(lang)
  const { amount, held, balanceAfter, kind, reasonText, orderNo, productTitle, createdAt } = entry
  const inPoints = currency === 'ZJF'
  const change = inPoints ? signed(Number(amount)) : signedMoney(amount)
  const after = inPoints ? grouped(Number(balanceAfter)) : moneyText(moneyFromFen(balanceAfter))
  // A capture leaves the available balance unchanged, and 0 would look as if nothing was spent.
  const wasHeld = kind === 'capture' && amount === 0n && held < 0n
  const n = inPoints ? grouped(Number(-held)) : moneyText(moneyFromFen(-held))
  const captured = interpolate(t(inPoints ? WALLET.capturedPoints : WALLET.capturedMoney), { n })
  return html`<div class="why">
      <p><span class="badge">${kindText(kind, lang)}</span> ${reasonText}${wasHeld ? html` · ${captured}` : ''}</p>
      <p class="small muted">${time(createdAt.toISOString(), lang)}
        ${orderNo ? html`<a href="/points-mall/orders/${orderNo}">${productTitle ?? t(WALLET.order)}</a>` : ''}</p>
    </div>
    <div class="how-much">
      ${amount === 0n ? '' : html`<p class="digits change">${change}</p>`}
      <p class="small muted">${t(WALLET.balanceAfter)} ${after}</p>
    </div>`
}

const signedMoney = (fen: bigint): string => `${fen > 0n ? '+' : ''}${moneyText(moneyFromFen(fen))}`
