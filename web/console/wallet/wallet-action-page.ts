import { html } from 'hono/html'
import { isKnownUser, LEVEL_MAX, readUser, type UserView } from '../../../application/customers/users.ts'
import { readGuardedWallet } from '../../../application/wallet/freezes.ts'
import { readWallet } from '../../../application/wallet/wallets.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { decimalFromFen, fenOf } from '../../../domain/money.ts'
import { errorText, type Lang } from '../../../i18n/error-texts.ts'
import { confirmPage } from '../../form/confirm-page.ts'
import {
  choice,
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { chosenIn, staleForm, versionField } from '../../form/stale-form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, groupedText, moneyText, pointsText, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ACTION_HINTS, ACTIONS, CUSTOMERS, ACTION_FORM as F } from '../../texts/console/wallets.ts'
import { consolePage } from '../layout.ts'
import { ACTION_FIELDS, type ActionName, changeText, readAction } from './wallet-actions.ts'

export const walletAt = (owner: string) => `/admin/users/${encodeURIComponent(owner)}`

export async function showAction(
  c: WebContext,
  deps: WebDeps,
  owner: string,
  name: ActionName,
  form: Form,
  errors: FormErrors = {},
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<nav aria-label="${t(F.customer)}"><a class="up press" href="${walletAt(owner)}"><span aria-hidden="true">‹</span> ${owner}</a></nav>
    <h1>${t(ACTIONS[name])}</h1>
    <form method="post" action="${walletAt(owner)}/${name}" class="card stack narrow" novalidate>
      ${formFields(c, form.once)}
      ${form.version === undefined ? '' : versionField(form.version)}
      ${form.block ? html`<input type="hidden" name="block" value="${form.block}">` : ''}
      ${errorSummary(errors, lang)}
      <dl class="facts"><dt>${t(F.customer)}</dt><dd><strong>${owner}</strong></dd>
        ${await factsOf(deps, owner, name, form, lang)}</dl>
      <p class="lead">${t(ACTION_HINTS[name])}</p>
      ${ACTION_FIELDS[name].map((fieldName) => fieldOf(c, name, fieldName, form, errors))}
      <div class="row"><button>${t(ACTIONS[name])}</button>
        <a class="button quiet" href="${walletAt(owner)}">${t(F.cancel)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : 200
  return consolePage(c, { title: `${t(ACTIONS[name])} · ${owner}`, main, section: 'users' }, status)
}

async function factsOf(
  deps: WebDeps,
  owner: string,
  name: ActionName,
  form: Form,
  lang: Lang,
): Promise<Html | ''> {
  const t = textsIn(lang)
  const fact = (label: string, value: Html | string) => html`<dt>${label}</dt><dd>${value}</dd>`
  if (name === 'cash') return fact(t(F.cashNow), moneyText((await readWallet(deps, owner)).cash))
  if (name === 'grant' || name === 'adjust' || name === 'block') {
    return fact(t(F.available), pointsText((await readWallet(deps, owner)).available, lang))
  }
  if (name !== 'unblock') return ''
  const block = (await readGuardedWallet(deps, owner)).blocks.find(({ block_id }) => block_id === form.block)
  if (!block) return ''
  return html`${fact(t(F.blocked), html`<strong class="digits">${pointsText(block.points, lang)}</strong>`)}
    ${fact(t(F.blockedFor), block.reason ?? '')}
    ${fact(t(F.blockedAt), time(block.created_at, lang))}
    ${fact(t(F.blockedBy), block.operator_id ?? '')}`
}

function fieldOf(c: WebContext, action: ActionName, name: string, form: Form, errors: FormErrors): Html {
  const t = textsIn(c.get('lang'))
  const one = { name, value: form[name], error: errors[name], required: true }
  switch (name) {
    case 'points':
    case 'level':
      return field({
        ...one,
        label: t(F[name]),
        type: 'number',
        inputmode: 'numeric',
        min: name === 'level' ? 0 : 1,
        ...(name === 'level' && { max: LEVEL_MAX }),
      })
    case 'amount':
      return field({ ...one, label: t(F.amount), inputmode: 'decimal', hint: t(F.amountHint) })
    case 'expires':
      return field({ ...one, label: t(F.expires), type: 'date', required: false, hint: t(F.expiresHint) })
    case 'way':
      return choice(
        name,
        t(F.way),
        [
          ['add', t(F.add)],
          ['take', t(F.take)],
        ],
        form.way,
      )
    default:
      return field({
        ...one,
        label: t(F.reason),
        maxlength: 200,
        hint: t(action === 'level' ? F.levelReasonHint : F.reasonHint),
      })
  }
}

/** Large amounts need confirmation; invalid forms are shown again. */
export async function act(c: WebContext, deps: WebDeps, owner: string, name: ActionName): Promise<Response> {
  const lang = c.get('lang')
  const { confirmed, ...typed } = await readForm(c)
  const form = name === 'level' ? chosenIn(typed, formOfLevel(await readUser(deps.db, owner))) : typed
  const wish = readAction(name, form, lang)
  const { read } = wish
  if (Object.keys(read.errors).length > 0 || confirmed === 'no') {
    return showAction(c, deps, owner, name, form, read.errors)
  }
  // A typing error in an id gives to nobody.
  const gives = name !== 'block' && (wish.points > 0 || wish.fen > 0n)
  const isNew = gives && !(await isKnownUser(deps.db, owner))
  if ((wish.asks || isNew) && confirmed !== 'yes') {
    return confirm(c, deps, owner, name, form, wish, isNew)
  }
  try {
    await wish.run(deps, owner, { operationKey: operationKeyOf(c, form), operatorId: viewerOf(c).sub })
  } catch (error) {
    if (error instanceof InvalidInputError) read.invalid(error, { expires_at: 'expires' })
    else if (error instanceof DomainError && error.refusal.code === 'INSUFFICIENT_POINTS') {
      const { required = '', available = '' } = error.refusal
      const points = tooFew(groupedText(required), groupedText(available), lang)
      return showAction(c, deps, owner, name, form, { points })
    } else if (error instanceof DomainError && error.refusal.code === 'STALE') {
      return showStaleLevel(c, deps, owner, form)
    } else throw error
    return showAction(c, deps, owner, name, form, read.errors)
  }
  return c.redirect(`${walletAt(owner)}?done=${name}`, 303)
}

/** What the form about a level starts with. */
export const formOfLevel = ({ level }: UserView): Form => ({ level: level === null ? '' : `${level}` })

async function showStaleLevel(c: WebContext, deps: WebDeps, owner: string, form: Form) {
  const t = textsIn(c.get('lang'))
  const user = await readUser(deps.db, owner)
  const action = `${walletAt(owner)}/level`
  const saved = { form, saved: formOfLevel(user), version: user.version }
  const main = html`<h1>${t(ACTIONS.level)} · ${owner}</h1>${staleForm(c, { action, ...saved, label: () => t(F.level) })}`
  return consolePage(c, { title: `${t(ACTIONS.level)} · ${owner}`, main, section: 'users' }, 412)
}

const tooFew = (required: string, available: string, lang: Lang) =>
  errorText('INSUFFICIENT_POINTS', lang, { required, available }).detail

async function confirm(
  c: WebContext,
  deps: WebDeps,
  owner: string,
  name: ActionName,
  form: Form,
  wish: ReturnType<typeof readAction>,
  isNew: boolean,
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  if (name === 'level') return confirmLevel(c, deps, owner, form, wish.level)
  const { available, cash } = await readWallet(deps, owner)
  // Do not ask to confirm what will fail; the ledger checks again.
  if (wish.points < 0 && available + wish.points < 0) {
    const points = tooFew(grouped(-wish.points), grouped(available), lang)
    return showAction(c, deps, owner, name, form, { points })
  }
  const cashFen = fenOf(cash.amount)
  const [before, after] =
    wish.fen > 0n
      ? [moneyText(cash), moneyText({ ...cash, amount: decimalFromFen(cashFen + wish.fen) })]
      : [pointsText(available, lang), pointsText(available + wish.points, lang)]
  return confirmPage(c, `${walletAt(owner)}/${name}`, form, [
    [
      t(F.customer),
      html`<strong>${owner}</strong>${isNew ? html`<p class="notice warn">${t(F.neverSeen)}</p>` : ''}`,
    ],
    [t(ACTIONS[name]), html`<span class="digits">${changeText(wish, lang)}</span>`],
    ...(form.expires ? [[t(F.expires), form.expires] as const] : []),
    [t(F.reason), form.reason ?? ''],
    [t(F.before), before],
    [t(F.after), html`<strong>${after}</strong>`],
  ])
}

async function confirmLevel(c: WebContext, deps: WebDeps, owner: string, form: Form, to: number) {
  const t = textsIn(c.get('lang'))
  const [{ level: from }, isKnown] = await Promise.all([
    readUser(deps.db, owner),
    isKnownUser(deps.db, owner),
  ])
  return confirmPage(
    c,
    `${walletAt(owner)}/level`,
    form,
    [
      [
        t(F.customer),
        html`<strong>${owner}</strong>${isKnown ? '' : html`<p class="notice warn">${t(F.neverSeen)}</p>`}`,
      ],
      [t(F.levelNow), from === null ? t(CUSTOMERS.noLevel) : `${from}`],
      [t(F.levelAfter), html`<strong class="digits">${to}</strong>`],
      [t(F.reason), form.reason ?? ''],
    ],
    t(F.confirmLevel),
  )
}
