import { Hono } from 'hono'
import { html } from 'hono/html'
import { findingsTable } from '../../../application/reconciliation/findings-csv.ts'
import {
  countMissingBills,
  type FindingView,
  type ReconciliationView,
  readReconciliation,
  readReconciliations,
  startReconciliation,
} from '../../../application/reconciliation/reconciliation.ts'
import { isDay, yesterdayInShanghai } from '../../../domain/business-time.ts'
import { InvalidInputError } from '../../../domain/errors.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { sideText, subjectText } from '../../../i18n/finding-texts.ts'
import { errorSummary, type Form, type FormErrors, field, formFields, readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { textsIn } from '../../texts/common/common.ts'
import { FINDINGS, RECONCILIATIONS as T } from '../../texts/console/reconciliation.ts'
import { consolePage } from '../layout.ts'
import { orderAt } from '../orders/order-badges.ts'
import { totalsTables } from './totals.ts'

const HOME = '/admin/reconciliations'
const PER_PAGE = 20
const one = '/:id{[1-9]\\d{0,17}}'
const DAY = /^\d{4}-\d{2}-\d{2}$/

export function consoleReconciliationRoutes({ db, temporal }: WebDeps) {
  async function showList(c: WebContext, form: Form, errors: FormErrors = {}) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const page = Number(/^[1-9]\d{0,5}$/.exec(c.req.query('page') ?? '')?.[0] ?? 1)
    const { runs, total } = await readReconciliations(db, { limit: PER_PAGE, offset: (page - 1) * PER_PAGE })
    const given = c.req.query('started') ?? ''
    const started = DAY.test(given) ? given : undefined
    // A run is listed only after a worker has started it.
    const isListed = page > 1 || runs.some(({ day }) => day === started)
    const coming = isListed ? undefined : started
    const main = html`
      <h1>${t(T.title)}</h1>
      <p class="lead">${t(T.hint)}</p>
      ${started ? html`<p class="notice good" role="status">${interpolate(t(T.started), { day: started })} <a class="press" href="${HOME}?started=${started}">${t(T.refresh)}</a></p>` : ''}
      <form method="post" class="stack" novalidate>
        ${formFields(c, form.once)}
        ${errorSummary(errors, lang)}
        <div class="run-now">
          ${field({ name: 'day', label: t(T.day), type: 'date', value: form.day, error: errors.day, required: true })}
          <button class="plain">${t(T.runNow)}</button>
          <p class="hint">${t(T.dayHint)}</p>
        </div>
      </form>
      ${runs.length === 0 && !coming ? html`<div class="empty"><h2>${t(T.empty)}</h2></div>` : list(runs, coming, lang)}
      ${pager(c, page, Math.ceil(total / PER_PAGE))}`
    const status = Object.keys(errors).length > 0 ? 422 : 200
    return consolePage(c, { title: t(T.title), main, section: 'reconciliations' }, status)
  }

  return new Hono<WebEnv>()
    .get('/', (c) => showList(c, { day: yesterdayInShanghai(Date.now()) }))
    .post('/', async (c) => {
      const form = await readForm(c)
      const { day = '' } = form
      const wrong = (error: InvalidInputError) => {
        const labels = { day: textsIn(c.get('lang'))(T.day) }
        return showList(c, form, readFields(form, c.get('lang'), labels).invalid(error))
      }
      if (!isDay(day)) return wrong(new InvalidInputError({ field: 'day', rule: 'format' }))
      try {
        // A double click joins the same run.
        await startReconciliation(temporal, day)
      } catch (error) {
        if (error instanceof InvalidInputError) return wrong(error)
        throw error
      }
      return c.redirect(`${HOME}?started=${day}`, 303)
    })
    .get(one, async (c) => {
      const { run, findings } = await readReconciliation(db, c.req.param('id'))
      return showRun(c, run, findings)
    })
    .get(`${one}/findings.csv`, async (c) => {
      const { findings } = await readReconciliation(db, c.req.param('id'))
      const { body, headers } = findingsTable(c.req.param('id'), findings, c.get('lang'))
      return c.body(body, 200, headers)
    })
}

/** @param coming day of a requested run that is not listed yet */
function list(runs: readonly ReconciliationView[], coming: string | undefined, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<table class="folds">
    <caption class="sr">${t(T.listed)}</caption>
    <thead><tr><th scope="col">${t(T.day)}</th><th scope="col">${t(T.result)}</th>
      <th scope="col">${t(T.began)}</th><th scope="col">${t(T.ended)}</th></tr></thead>
    <tbody>${coming ? html`<tr><th scope="row">${coming}</th><td data-label="${t(T.result)}"><span class="badge warn">${t(T.underWay)}</span></td><td></td><td></td></tr>` : ''}
    ${runs.map(
      (run) => html`<tr>
        <th scope="row"><a class="press" href="${HOME}/${run.id}">${run.day}</a></th>
        <td data-label="${t(T.result)}"><span class="badges">${resultBadges(run, lang)}</span></td>
        <td data-label="${t(T.began)}" class="small muted">${time(run.started_at, lang)}</td>
        <td data-label="${t(T.ended)}" class="small muted">${run.finished_at === null ? '' : time(run.finished_at, lang)}</td>
      </tr>`,
    )}</tbody>
  </table>`
}

function resultBadges(run: ReconciliationView, lang: Lang): Html {
  const t = textsIn(lang)
  const { finished_at, open_findings: open, healed_findings: healed } = run
  const missing = countMissingBills(run)
  const isClean = finished_at !== null && open + healed + missing === 0
  return html`${finished_at === null ? html`<span class="badge warn">${t(T.underWay)}</span>` : ''}
    ${isClean ? html`<span class="badge good">${t(T.clean)}</span>` : ''}
    ${missing > 0 ? html`<span class="badge warn">${missingText(missing, lang)}</span>` : ''}
    ${open > 0 ? html`<span class="badge bad">${t(T.open)} ${grouped(open)}</span>` : ''}
    ${healed > 0 ? html`<span class="badge good">${t(T.healed)} ${grouped(healed)}</span>` : ''}`
}

const missingText = (n: number, lang: Lang) =>
  interpolateText(textsIn(lang)(n === 1 ? T.missingOne : T.missing), { n: grouped(n) })

function noFindings(run: ReconciliationView, lang: Lang): Html {
  const t = textsIn(lang)
  if (run.finished_at === null) return html`<p class="notice">${t(T.notYet)}</p>`
  const missing = countMissingBills(run)
  if (missing === 0) return html`<p class="notice good">${t(T.noFindings)}</p>`
  return html`<p class="notice warn"><strong>${missingText(missing, lang)}${lang === 'zh' ? '。' : '.'}</strong> ${t(T.missingHint)}</p>`
}

function showRun(c: WebContext, run: ReconciliationView, findings: readonly FindingView[]) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const title = interpolateText(t(T.of), { day: run.day })
  const main = html`
    <nav aria-label="${t(T.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
    <div class="row spread"><h1>${title}</h1>
      ${findings.length > 0 ? html`<a class="button plain" href="${HOME}/${run.id}/findings.csv" download>${t(T.csv)}</a>` : ''}</div>
    <p class="badges">${resultBadges(run, lang)} <span class="muted small">${t(T.began)} ${time(run.started_at, lang)}${
      run.finished_at === null ? '' : html` · ${t(T.ended)} ${time(run.finished_at, lang)}`
    }</span></p>
    ${findings.length > 0 ? findingTable(findings, lang) : noFindings(run, lang)}
    ${totalsTables(run.totals, lang)}`
  return consolePage(c, { title, main, section: 'reconciliations' })
}

function findingTable(findings: readonly FindingView[], lang: Lang): Html {
  const t = textsIn(lang)
  const side = (said: FindingView['ours']) =>
    said ? sideText(said, lang) : html`<span class="muted">${t(T.nothing)}</span>`
  return html`<section class="card"><table class="folds">
    <caption><h2>${t(T.findings)}</h2></caption>
    <thead><tr><th scope="col">${t(T.kind)}</th><th scope="col">${t(T.subject)}</th><th scope="col">${t(T.ours)}</th>
      <th scope="col">${t(T.theirs)}</th><th scope="col">${t(T.state)}</th><th scope="col">${t(T.order)}</th>
      <th scope="col">${t(T.found)}</th></tr></thead>
    <tbody>${findings.map(
      (finding) => html`<tr>
        <th scope="row">${t(FINDINGS[finding.kind])}</th>
        <td data-label="${t(T.subject)}"><span class="code">${subjectText(finding.subject, lang)}</span></td>
        <td data-label="${t(T.ours)}">${side(finding.ours)}</td>
        <td data-label="${t(T.theirs)}">${side(finding.theirs)}</td>
        <td data-label="${t(T.state)}"><span class="badge ${finding.state === 'open' ? 'bad' : 'good'}">${t(T[finding.state])}</span></td>
        <td data-label="${t(T.order)}">${finding.order_no === null ? '' : html`<a class="press code" href="${orderAt(finding.order_no)}">${finding.order_no}</a>`}</td>
        <td data-label="${t(T.found)}" class="small muted">${time(finding.found_at, lang)}</td>
      </tr>`,
    )}</tbody>
  </table></section>`
}
