import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  CATEGORY_NAME_MAX,
  type CategoryView,
  changeCategory,
  createCategory,
  readCategories,
  readCategory,
  removeCategory,
} from '../../../application/catalogue/categories.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
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
import { readFields } from '../../form/reader.ts'
import { chosenIn, staleForm, versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { CATEGORIES as T } from '../../texts/console/catalogue.ts'
import { consolePage } from '../layout.ts'
import { done } from './product-badges.ts'

const HOME = '/admin/categories'
const SORT_MAX = 2_147_483_647
const one = '/:id{[1-9]\\d{0,17}}'

export function consoleCategoryRoutes({ db }: WebDeps) {
  async function show(c: WebContext, form: Form = { sort: '0' }, errors: FormErrors = {}) {
    const t = textsIn(c.get('lang'))
    const categories = await readCategories(db)
    const main = html`
      <h1>${t(T.title)}</h1>
      ${done(c)}
      <p class="lead">${t(T.hint)}</p>
      ${categories.length === 0 ? html`<p class="empty">${t(T.empty)}</p>` : table(c, categories)}
      <section class="card stack narrow"><h2>${t(T.add)}</h2>${categoryForm(c, HOME, categories, form, errors)}</section>`
    return consolePage(c, { title: t(T.title), main, section: 'categories' }, statusOf(errors))
  }

  async function showOne(c: WebContext, category: CategoryView, form: Form, errors: FormErrors = {}) {
    const t = textsIn(c.get('lang'))
    const others = (await readCategories(db)).filter(({ id }) => id !== category.id)
    const main = html`<nav aria-label="${t(T.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
      <h1>${category.name}</h1>
      <section class="card stack narrow">${categoryForm(c, `${HOME}/${category.id}`, others, form, errors)}</section>`
    return consolePage(c, { title: category.name, main, section: 'categories' }, statusOf(errors))
  }

  async function showStale(c: WebContext, form: Form) {
    const t = textsIn(c.get('lang'))
    const category = await find(c)
    const label = (name: string) => t(name === 'name' ? T.name : name === 'sort' ? T.sort : T.parent)
    const saved = { form, saved: formOf(category), version: category.version }
    const main = html`<h1>${category.name}</h1>${staleForm(c, { action: `${HOME}/${category.id}`, ...saved, label })}`
    return consolePage(c, { title: category.name, main, section: 'categories' }, 412)
  }

  const find = (c: WebContext): Promise<CategoryView> => readCategory(db, c.req.param('id') ?? '')

  return new Hono<WebEnv>()
    .get('/', (c) => show(c))
    .post('/', async (c) => {
      const form = await readForm(c)
      const { category, read } = readTyped(form, c.get('lang'))
      const save = () => createCategory(db, category, operationKeyOf(c, form))
      return (await saved(c, read, save)) ?? show(c, form, read.errors)
    })
    .get(one, async (c) => {
      const category = await find(c)
      return showOne(c, category, { ...formOf(category), version: category.version })
    })
    .post(one, async (c) => {
      const before = await find(c)
      const form = chosenIn(await readForm(c), formOf(before))
      const { category, read } = readTyped(form, c.get('lang'))
      const cause = { operationKey: operationKeyOf(c, form), known: versionsOf(form) }
      const save = () => changeCategory(db, before.id, category, cause)
      try {
        return (await saved(c, read, save)) ?? showOne(c, before, form, read.errors)
      } catch (error) {
        if (error instanceof DomainError && error.refusal.code === 'STALE') return showStale(c, form)
        throw error
      }
    })
    .get(`${one}/delete`, async (c) => {
      const t = textsIn(c.get('lang'))
      const category = await find(c)
      const main = html`<div class="card ask">
        <h1>${t(T.deleteTitle)}</h1>
        <p><strong>${category.name}</strong></p>
        <p>${t(T.deleteHint)}</p>
        <form method="post" class="row">${formFields(c)}
          <button>${t(T.deleteYes)}</button>
          <a class="button plain" href="${HOME}">${t(T.deleteNo)}</a>
        </form>
      </div>`
      return consolePage(c, { title: t(T.deleteTitle), main, section: 'categories' })
    })
    .post(`${one}/delete`, async (c) => {
      try {
        await removeCategory(db, c.req.param('id'))
      } catch (error) {
        // A double click finds it already deleted.
        if (!(error instanceof DomainError)) throw error
      }
      return c.redirect(`${HOME}?done=category_deleted`, 303)
    })
}

const formOf = ({ name, sort, parent_id }: CategoryView): Form => ({
  name,
  sort: `${sort}`,
  parent_id: parent_id ?? '',
})

const statusOf = (errors: FormErrors) => (Object.keys(errors).length > 0 ? 422 : 200)

type Read = ReturnType<typeof readFields>

function readTyped(form: Form, lang: Lang) {
  const t = textsIn(lang)
  const read = readFields(form, lang, { name: t(T.name), sort: t(T.sort), parent_id: t(T.parent) })
  const category = {
    name: read.text('name', 1, CATEGORY_NAME_MAX),
    sort: read.int('sort', -SORT_MAX, SORT_MAX) ?? 0,
    parent_id: /^[1-9]\d{0,17}$/.test(form.parent_id ?? '') ? (form.parent_id ?? null) : null,
  }
  return { category, read }
}

/** @returns undefined with the errors in `read` */
async function saved(c: WebContext, read: Read, save: () => Promise<unknown>): Promise<Response | undefined> {
  if (Object.keys(read.errors).length > 0) return undefined
  try {
    await save()
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    read.invalid(error)
    return undefined
  }
  return c.redirect(`${HOME}?done=category`, 303)
}

function categoryForm(
  c: WebContext,
  action: string,
  parents: readonly CategoryView[],
  form: Form,
  errors: FormErrors,
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<form method="post" action="${action}" class="stack" novalidate>
    ${formFields(c, form.once)}${form.version === undefined ? '' : versionField(form.version)}
    ${errorSummary(errors, lang)}
    <div class="pair">
      ${field({ name: 'name', label: t(T.name), value: form.name, error: errors.name, required: true, maxlength: CATEGORY_NAME_MAX })}
      ${choice('parent_id', t(T.parent), [['', t(T.top)], ...parents.map(({ id, name }) => [id, name] as const)], form.parent_id)}
      ${field({ name: 'sort', label: t(T.sort), value: form.sort, error: errors.sort, inputmode: 'numeric' })}
    </div>
    <div><button>${t(COMMON.save)}</button></div>
  </form>`
}

function table(c: WebContext, categories: readonly CategoryView[]) {
  const t = textsIn(c.get('lang'))
  return html`<table class="folds narrow">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.name)}</th><th scope="col" class="number">${t(T.sort)}</th><th scope="col">${t(T.actions)}</th></tr></thead>
    <tbody>${categories.map(
      ({ id, name, sort, parent_id }) => html`<tr>
        <th scope="row">${parent_id === null ? '' : html`<span class="muted small">${categories.find((one) => one.id === parent_id)?.name} ›</span> `}<a class="name press" href="${HOME}/${id}">${name}</a></th>
        <td data-label="${t(T.sort)}" class="number">${sort}</td>
        <td class="actions"><div class="row">
          <a class="press" href="/admin/products?category_id=${id}">${t(T.products)}<span class="sr"> ${name}</span></a>
          <a class="press" href="${HOME}/${id}">${t(T.edit)}<span class="sr"> ${name}</span></a>
          <a class="press" href="${HOME}/${id}/delete">${t(COMMON.remove)}<span class="sr"> ${name}</span></a>
        </div></td>
      </tr>`,
    )}</tbody>
  </table>`
}
