import { Hono } from 'hono'
import { html } from 'hono/html'
import { type AdminProductView, readAnyProduct } from '../../../application/catalogue/products.ts'
import { linesOfCsv } from '../../../application/fulfilment/code-lines.ts'
import {
  type ImportResult,
  importCodes,
  type PoolView,
  readImport,
  readPool,
} from '../../../application/fulfilment/codes.ts'
import { type FieldRule, InvalidInputError } from '../../../domain/errors.ts'
import { CODE_STATES, type CodeState } from '../../../domain/fulfilment/codes.ts'
import { fieldText, type Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  parseForm,
  readForm,
} from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCTS } from '../../texts/console/catalogue.ts'
import { CODE_STATE_TEXTS, POOL as T, VOID_TEXTS } from '../../texts/console/codes.ts'
import { consolePage } from '../layout.ts'

const PER_PAGE = 20
const one = '/:id{[1-9]\\d{0,17}}'
const LOOKS = { free: 'good', held: '', issued: '', void: 'warn' } as const

export function consoleCodeRoutes(deps: WebDeps) {
  const { db, pointsToCnyMillionths: rate } = deps

  async function show(c: WebContext, errors: FormErrors = {}, typed = '') {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const product = await readAnyProduct(db, c.req.param('id') ?? '', rate)
    const state = CODE_STATES.find((name) => name === c.req.query('state'))
    const page = Math.max(1, Number(/^\d{1,6}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1))
    const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
    const [pool, result] = await Promise.all([
      readPool(db, product.id, state, slice),
      readImport(db, product.id, c.req.query('import') ?? ''),
    ])
    const at = `/admin/products/${product.id}`
    const main = html`
      <nav aria-label="${t(PRODUCTS.title)}"><a class="up press" href="${at}"><span aria-hidden="true">‹</span> ${product.title}</a></nav>
      <h1>${t(T.title)}</h1>
      <p class="lead">${t(product.delivery === 'codes' ? T.isStock : T.mismatch)}</p>
      ${result ? resultOf(result, lang) : ''}
      ${product.delivery === 'codes' ? importForm(c, product, errors, typed) : ''}
      <section class="stack" aria-labelledby="listed">
        <h2 id="listed">${t(T.listed)}</h2>
        <nav class="row" aria-label="${t(T.state)}">
          ${[undefined, ...CODE_STATES].map(
            (name) => html`<a class="press" href="${at}/codes${name === undefined ? '' : `?state=${name}`}"
              ${name === state ? html`aria-current="page"` : ''}>${name === undefined ? t(T.all) : `${t(CODE_STATE_TEXTS[name])} ${grouped(pool.counts[name])}`}</a>`,
          )}
        </nav>
        ${pool.codes.length === 0 ? html`<p class="empty">${t(T.empty)}</p>` : table(pool, lang)}
        ${pager(c, page, Math.ceil(pool.total / PER_PAGE))}
      </section>`
    const status = Object.keys(errors).length > 0 ? 422 : 200
    return consolePage(c, { title: `${t(T.title)} · ${product.title}`, main, section: 'products' }, status)
  }

  return new Hono<WebEnv>()
    .get(`${one}/codes`, (c) => show(c))
    .post(`${one}/codes`, async (c) => {
      const product = await readAnyProduct(db, c.req.param('id'), rate)
      const form = await readForm(c)
      const { file } = await parseForm(c)
      const text = file instanceof File && file.size > 0 ? await file.text() : (form.codes ?? '')
      try {
        const cause = {
          operationKey: operationKeyOf(c, { ...form, codes: text }),
          operatorId: viewerOf(c).sub,
        }
        const { importId } = await importCodes(deps, product.id, linesOfCsv(text), cause)
        return c.redirect(`/admin/products/${product.id}/codes?import=${importId}`, 303)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        const [wrong] = error.errors
        const label = textsIn(c.get('lang'))(T.lines)
        const said = wrong
          ? fieldText({ ...wrong, field: wrong.field === 'codes' ? label : wrong.field }, c.get('lang'))
          : ''
        return show(c, { codes: said }, form.codes)
      }
    })
}

function importForm(c: WebContext, { id }: AdminProductView, errors: FormErrors, typed: string): Html {
  const t = textsIn(c.get('lang'))
  return html`<form method="post" action="/admin/products/${id}/codes" enctype="multipart/form-data" class="card stack" novalidate>
    ${formFields(c)}
    <h2>${t(T.add)}</h2>
    ${errorSummary(errors, c.get('lang'))}
    ${field({ name: 'codes', label: t(T.lines), value: typed, error: errors.codes, hint: t(T.linesHint), lines: 6 })}
    <div class="field"><label for="field-file">${t(T.file)}</label>
      <input id="field-file" type="file" name="file" accept=".csv,text/csv,text/plain"></div>
    <div><button>${t(T.submit)}</button></div>
  </form>`
}

function resultOf({ imported, duplicates, invalid, lines }: ImportResult, lang: Lang): Html {
  const t = textsIn(lang)
  const counts = [
    [T.imported, imported],
    [T.duplicates, duplicates],
    [T.invalid, invalid],
  ] as const
  return html`<section class="notice ${lines.length === 0 ? 'good' : 'warn'}" role="status">
    <h2>${t(T.result)}</h2>
    <p>${counts.map(([name, count]) => `${t(name)} ${grouped(count)}`).join(lang === 'zh' ? '，' : ', ')}</p>
    ${
      lines.length === 0
        ? ''
        : html`<ul>${lines.map(
            (line) =>
              html`<li>${interpolateText(t(T.line), { n: grouped(line.line) })}：${
                line.result === 'duplicate'
                  ? t(T.duplicate)
                  : fieldText({ field: line.field, rule: line.rule as FieldRule, bound: line.bound }, lang)
              }</li>`,
          )}</ul>`
    }
  </section>`
}

function table({ codes }: PoolView, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.code)}</th><th scope="col">${t(T.state)}</th><th scope="col">${t(T.order)}</th>
      <th scope="col">${t(T.validUntil)}</th><th scope="col">${t(T.added)}</th></tr></thead>
    <tbody>${codes.map(
      (code) => html`<tr>
        <th scope="row" class="code">${code.masked}</th>
        <td data-label="${t(T.state)}">${codeBadge(code.state, lang)} ${code.void_reason ? t(VOID_TEXTS[code.void_reason]) : ''}</td>
        <td data-label="${t(T.order)}">${code.order_no ? html`<a class="press code" href="/admin/orders/${code.order_no}">${code.order_no}</a>` : '–'}</td>
        <td data-label="${t(T.validUntil)}">${code.valid_until ? time(code.valid_until, lang) : t(T.noEnd)}</td>
        <td data-label="${t(T.added)}">${time(code.created_at, lang)}</td>
      </tr>`,
    )}</tbody></table>`
}

const codeBadge = (state: CodeState, lang: Lang): Html =>
  html`<span class="badge ${LOOKS[state]}">${textsIn(lang)(CODE_STATE_TEXTS[state])}</span>`
