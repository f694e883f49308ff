import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  type BatchLine,
  type LineResult,
  readBatch,
  shipBatch,
} from '../../../application/shipments/ship-batch.ts'
import { InvalidInputError } from '../../../domain/errors.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { errorSummary, type FormErrors, field, formFields, parseForm, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { LINE_TEXTS, SHIP_BATCH as T } from '../../texts/console/ship-batch.ts'
import { consolePage } from '../layout.ts'
import { orderAt } from '../orders/order-badges.ts'

const HERE = '/admin/orders/ship-batch'

/** Ships the orders of a file, and shows what became of each line. */
export function shipBatchRoutes(deps: WebDeps) {
  return new Hono<WebEnv>()
    .get('/ship-batch', (c) => show(c, '', {}))
    .post('/ship-batch', async (c) => {
      const form = await readForm(c)
      const { file } = await parseForm(c)
      const uploaded = file instanceof File ? await file.text() : ''
      const given = uploaded.trim() === '' ? (form.lines ?? '') : uploaded
      let lines: BatchLine[]
      try {
        lines = readBatch(given)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        return show(c, given, { lines: textsIn(c.get('lang'))(T.wrong) })
      }
      const results = await shipBatch(deps, { type: 'operator', id: viewerOf(c).sub }, lines)
      return showResults(c, lines, results)
    })
}

function show(c: WebContext, given: string, errors: FormErrors) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<h1>${t(T.title)}</h1>
    <form method="post" action="${HERE}" enctype="multipart/form-data" class="card ask" novalidate>
      ${formFields(c)}
      ${errorSummary(errors, lang)}
      <p>${t(T.hint)}</p>
      <div class="field"><label for="field-file">${t(T.file)}</label><input id="field-file" type="file" name="file" accept=".csv,text/csv"></div>
      ${field({ name: 'lines', label: t(T.lines), value: given, error: errors.lines, lines: 8 })}
      <div class="row"><button>${t(T.send)}</button><a class="button plain" href="/admin/orders">${t(T.back)}</a></div>
    </form>`
  return consolePage(
    c,
    { title: t(T.title), main, section: 'orders' },
    Object.keys(errors).length > 0 ? 422 : 200,
  )
}

function showResults(c: WebContext, lines: readonly BatchLine[], results: readonly LineResult[]) {
  const t = textsIn(c.get('lang'))
  const main = html`<h1>${t(T.results)}</h1>
    ${table(c, results)}
    ${doubted(c, lines, results)}
    <p><a class="button plain" href="${HERE}">${t(T.title)}</a> <a class="button quiet" href="/admin/orders">${t(T.back)}</a></p>`
  return consolePage(c, { title: t(T.results), main, section: 'orders' }, 200)
}

function table(c: WebContext, results: readonly LineResult[]): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<section class="card"><table class="folds">
    <caption class="sr">${t(T.results)}</caption>
    <thead><tr><th scope="col" class="number">${t(T.line)}</th><th scope="col">${t(T.order)}</th>
      <th scope="col">${t(T.result)}</th><th scope="col">${t(T.why)}</th></tr></thead>
    <tbody>${results.map(
      ({ line, order_no, result, refusal }) => html`<tr>
        <td class="number" data-label="${t(T.line)}">${line}</td>
        <td data-label="${t(T.order)}">${/^[0-9A-Za-z]{1,64}$/.test(order_no) ? html`<a class="press code" href="${orderAt(order_no)}">${order_no}</a>` : order_no}</td>
        <td data-label="${t(T.result)}"><span class="badge ${LOOKS[result]}">${t(LINE_TEXTS[result])}</span></td>
        <td data-label="${t(T.why)}">${refusal ? errorText(refusal.code, lang, refusal).detail : ''}</td>
      </tr>`,
    )}</tbody>
  </table></section>`
}

const LOOKS = {
  shipped: 'good',
  already_shipped: '',
  pending: 'warn',
  not_tried: 'warn',
  refused: 'bad',
} as const satisfies Record<LineResult['result'], string>

const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Doubted numbers are asked about all at once. */
function doubted(c: WebContext, lines: readonly BatchLine[], results: readonly LineResult[]): Html | '' {
  const t = textsIn(c.get('lang'))
  const asked = results
    .filter(({ refusal }) => refusal?.code === 'CARRIER_MISMATCH')
    .flatMap(({ line }) => lines[line - 1] ?? [])
  if (asked.length === 0) return ''
  const text = asked.map((one) => [one.order_no, one.carrier, one.tracking_no, 'confirm'].map(cell).join(','))
  return html`<form method="post" action="${HERE}" class="card ask" novalidate>
    <h2>${t(T.doubted)}</h2>
    ${formFields(c)}
    ${field({ name: 'lines', label: t(T.lines), value: text.join('\n'), hint: t(T.doubtedHint), lines: Math.min(20, text.length + 1) })}
    <div><button>${t(T.doubtedSend)}</button></div>
  </form>`
}
