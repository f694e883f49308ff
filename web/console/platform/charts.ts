import { html } from 'hono/html'
import type { Lang } from '../../../i18n/error-texts.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { TODAY as T } from '../../texts/console/frame.ts'

interface Part {
  readonly value: number
  /** CSS class in web/public/pages/console.css. */
  readonly look: 'main' | 'pale' | 'lost'
}

export interface Bar {
  readonly label: string
  readonly parts: readonly Part[]
  readonly line?: number
}

interface Chart {
  readonly title: string
  readonly hint: string
  readonly bars: readonly Bar[]
  readonly write: (value: number) => string
  readonly legend?: readonly (readonly [Part['look'], string])[]
  /** The same data; the first cell of each row is its label. */
  readonly table: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
}

/** The page stretches the drawing, so texts are HTML next to it. */
const HEIGHT = 100
const STEP = 10
const GAP = 3

/** Values are integers: fen, points or pieces. */
export function barChart({ title, hint, bars, write, legend, table }: Chart, lang: Lang): Html {
  const t = textsIn(lang)
  const top = roundTop(Math.max(...bars.map((bar) => Math.max(sumOf(bar), bar.line ?? 0))))
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT
  const width = bars.length * STEP
  const middle = bars[Math.floor(bars.length / 2)]
  return html`<figure class="chart card">
    <figcaption><h2>${title}</h2><p class="hint">${hint}</p></figcaption>
    <div class="plot">
      <div class="scale" aria-hidden="true"><span>${write(top)}</span><span>${write(top / 2)}</span><span>${write(0)}</span></div>
      <svg viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary(title, bars, write, lang)}">
        <path class="grid" d="M0 0H${width}M0 ${HEIGHT / 2}H${width}M0 ${HEIGHT}H${width}"></path>
        ${bars.map((bar, n) => drawBar(bar, n * STEP + GAP / 2, y, write))}
        ${bars.some(({ line }) => line !== undefined) ? drawLine(bars, y) : ''}
      </svg>
      <div class="axis" aria-hidden="true"><span>${bars[0]?.label}</span><span>${middle?.label}</span><span>${bars.at(-1)?.label}</span></div>
    </div>
    ${legend ? html`<ul class="legend">${legend.map(([look, text]) => html`<li class="${look}">${text}</li>`)}</ul>` : ''}
    <details><summary>${t(T.asTable)}</summary><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>
      <caption class="sr">${title}</caption>
      <thead><tr>${table.head.map((text, n) => html`<th scope="col" ${n > 0 ? html`class="number"` : ''}>${text}</th>`)}</tr></thead>
      <tbody>${table.rows.map(
        ([label, ...cells]) =>
          html`<tr><th scope="row">${label}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`,
      )}</tbody>
    </table></div></details>
  </figure>`
}

const sumOf = ({ parts }: Bar) => parts.reduce((sum, { value }) => sum + value, 0)

/** Both the maximum and its half are easy to read: 2, 4, 20, 60, 200. */
function roundTop(most: number): number {
  if (most <= 2) return 2
  const unit = 2 * 10 ** Math.floor(Math.log10(most))
  return Math.ceil(most / unit) * unit
}

function drawBar(bar: Bar, x: number, y: (value: number) => number, write: (value: number) => string): Html {
  let below = 0
  return html`<g><title>${bar.label} · ${write(sumOf(bar))}</title>${bar.parts.map(({ value, look }) => {
    const [from, to] = [y(below), y(below + value)]
    below += value
    return value === 0
      ? ''
      : html`<rect class="${look}" x="${x}" y="${to.toFixed(2)}" width="${STEP - GAP}" height="${(from - to).toFixed(2)}"></rect>`
  })}</g>`
}

function drawLine(bars: readonly Bar[], y: (value: number) => number): Html {
  const points = bars.flatMap(({ line }, n) =>
    line === undefined ? [] : [`${(n + 0.5) * STEP},${y(line).toFixed(2)}`],
  )
  return html`<polyline class="line" points="${points.join(' ')}"></polyline>`
}

function summary(title: string, bars: readonly Bar[], write: (value: number) => string, lang: Lang): string {
  const t = textsIn(lang)
  const sum = bars.reduce((all, bar) => all + sumOf(bar), 0)
  if (sum === 0) return `${title}: ${t(T.chartEmpty)}`
  const most = bars.reduce((best, bar) => (sumOf(bar) > sumOf(best) ? bar : best))
  const words = interpolateText(t(T.chart), { sum: write(sum), most: write(sumOf(most)), when: most.label })
  return `${title}: ${words}`
}
