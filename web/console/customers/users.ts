import { Hono } from 'hono'
import { html } from 'hono/html'
import { type CustomerView, readCustomers } from '../../../application/customers/customers.ts'
import { isOwnerId, OWNER_ID_MAX, readUser } from '../../../application/customers/users.ts'
import { mustBeOurs } from '../../../application/wallet/wallets.ts'
import { mustHaveRight, mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError } from '../../../domain/errors.ts'
import { cut } from '../../../domain/text.ts'
import { field } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, moneyText } from '../../shared/format.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ACTIONS, CUSTOMERS as T } from '../../texts/console/wallets.ts'
import { consolePage } from '../layout.ts'
import { act, formOfLevel, showAction, walletAt } from '../wallet/wallet-action-page.ts'
import { type ActionName, needsLedger, rightFor } from '../wallet/wallet-actions.ts'
import { showWallet } from '../wallet/wallets.ts'

const HOME = '/admin/users'
const PER_PAGE = 20

export function consoleUserRoutes(deps: WebDeps) {
  /** @throws DomainError NOT_FOUND if the id is invalid */
  const ownerOf = (c: WebContext): string => {
    const owner = c.req.param('owner') ?? ''
    if (!isOwnerId(owner)) throw new DomainError({ code: 'NOT_FOUND' })
    return owner
  }

  /** @throws DomainError NOT_FOUND if there is no such action, FORBIDDEN if this viewer may not take it */
  function actionOf(c: WebContext, owner: string): ActionName {
    const name = c.req.param('action') ?? ''
    if (!Object.hasOwn(ACTIONS, name)) throw new DomainError({ code: 'NOT_FOUND' })
    const action = name as ActionName
    const { sub, role } = viewerOf(c)
    mustHaveRight(role, rightFor(action))
    mustNotBeOwn(sub, owner)
    if (needsLedger(action)) mustBeOurs(deps)
    return action
  }

  return new Hono<WebEnv>()
    .get('/', async (c) => {
      const lang = c.get('lang')
      const t = textsIn(lang)
      const query = cut((c.req.query('q') ?? '').trim(), OWNER_ID_MAX)
      const after = cut(c.req.query('after') ?? '', OWNER_ID_MAX)
      const { customers, next } = await readCustomers(deps, { prefix: query, after, limit: PER_PAGE })
      const more = new URLSearchParams({ ...(query && { q: query }), after: next ?? '' })
      const main = html`<h1>${t(T.title)}</h1>
        <form class="filters" role="search">
          ${field({ name: 'q', label: t(T.search), value: query, type: 'search', maxlength: OWNER_ID_MAX })}
          <div class="row"><button class="plain">${t(T.find)}</button></div>
        </form>
        ${
          customers.length === 0
            ? html`<div class="empty"><h2>${t(T.empty)}</h2><p class="muted">${t(T.emptyHint)}</p></div>`
            : table(c, customers)
        }
        ${isOwnerId(query) && !after && !customers.some(({ owner_id }) => owner_id === query) ? html`<p><a class="press" href="${walletAt(query)}">${t(T.open)}</a></p>` : ''}
        <nav class="pager" aria-label="${t(T.listed)}">
          ${after ? html`<a class="button plain" href="${HOME}?${new URLSearchParams({ q: query }).toString()}">${t(T.first)}</a>` : ''}
          ${next ? html`<a class="button plain" rel="next" href="${HOME}?${more.toString()}">${t(T.more)}</a>` : ''}
        </nav>`
      return consolePage(c, { title: t(T.title), main, section: 'users' })
    })
    .get('/:owner', (c) => showWallet(c, deps, ownerOf(c)))
    .get('/:owner/:action', async (c) => {
      const owner = ownerOf(c)
      const action = actionOf(c, owner)
      const block = c.req.query('block')
      if (action !== 'level') return showAction(c, deps, owner, action, block === undefined ? {} : { block })
      const user = await readUser(deps.db, owner)
      return showAction(c, deps, owner, action, { ...formOfLevel(user), version: user.version })
    })
    .post('/:owner/:action', (c) => {
      const owner = ownerOf(c)
      return act(c, deps, owner, actionOf(c, owner))
    })
}

function table(c: WebContext, customers: readonly CustomerView[]) {
  const t = textsIn(c.get('lang'))
  return html`<table class="folds">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.customer)}</th><th scope="col" class="number">${t(T.level)}</th>
      <th scope="col" class="number">${t(T.available)}</th><th scope="col" class="number">${t(T.held)}</th>
      <th scope="col" class="number">${t(T.cash)}</th></tr></thead>
    <tbody>${customers.map(
      ({ owner_id, level, available, held, cash }) => html`<tr>
        <th scope="row"><a class="name press" href="${walletAt(owner_id)}">${owner_id}</a></th>
        <td data-label="${t(T.level)}" class="number">${level ?? t(T.noLevel)}</td>
        <td data-label="${t(T.available)}" class="number digits">${grouped(available)}</td>
        <td data-label="${t(T.held)}" class="number">${grouped(held)}</td>
        <td data-label="${t(T.cash)}" class="number">${moneyText(cash)}</td>
      </tr>`,
    )}</tbody>
  </table>`
}
