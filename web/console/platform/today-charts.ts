import { html } from 'hono/html'
import type { Dashboard, DayFigures } from '../../../application/platform/dashboard.ts'
import { fenOf, moneyFromFen } from '../../../domain/money.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { grouped, moneyText, pointsText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { TODAY as T } from '../../texts/console/frame.ts'
import { barChart } from './charts.ts'

export function todayCharts(board: Dashboard, lang: Lang): Html {
  return html`${byHour(board, lang)}
    <div class="charts">${byDay(board, lang)}${pointsByDay(board, lang)}${cashByDay(board, lang)}</div>`
}

function byHour({ hours }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  const someYesterday = hours.some(({ yesterday }) => yesterday > 0)
  const label = (hour: number) => `${hour.toString().padStart(2, '0')}:00`
  return barChart(
    {
      title: t(T.byHour),
      hint: t(someYesterday ? T.byHourHint : T.byHourAlone),
      bars: hours.map(({ hour, today, yesterday }) => ({
        label: label(hour),
        parts: [{ value: today ?? 0, look: 'main' }],
        ...(someYesterday ? { line: yesterday } : {}),
      })),
      write: grouped,
      table: {
        head: [t(T.hour), t(T.today), ...(someYesterday ? [t(T.yesterday)] : [])],
        rows: hours.map(({ hour, today, yesterday }) => [
          label(hour),
          today === null ? '—' : grouped(today),
          ...(someYesterday ? [grouped(yesterday)] : []),
        ]),
      },
    },
    lang,
  )
}

function byDay({ days }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  const open = ({ exchanges, taken, failed }: DayFigures) => exchanges - taken - failed
  return barChart(
    {
      title: t(T.byDay),
      hint: t(T.byDayHint),
      bars: days.map((day) => ({
        label: shortDay(day),
        parts: [
          { value: day.taken, look: 'main' },
          { value: open(day), look: 'pale' },
          { value: day.failed, look: 'lost' },
        ],
      })),
      write: grouped,
      legend: [
        ['main', t(T.taken)],
        ['pale', t(T.open)],
        ['lost', t(T.failed)],
      ],
      table: {
        head: [t(T.day), t(T.taken), t(T.open), t(T.failed)],
        rows: days.map((day) => [day.day, grouped(day.taken), grouped(open(day)), grouped(day.failed)]),
      },
    },
    lang,
  )
}

function pointsByDay({ days }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  return barChart(
    {
      title: t(T.pointsByDay),
      hint: t(T.lastDays),
      bars: days.map((day) => ({ label: shortDay(day), parts: [{ value: day.points, look: 'main' }] })),
      write: grouped,
      table: {
        head: [t(T.day), t(T.points)],
        rows: days.map((day) => [day.day, pointsText(day.points, lang)]),
      },
    },
    lang,
  )
}

function cashByDay({ days }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  return barChart(
    {
      title: t(T.cashByDay),
      hint: t(T.lastDays),
      bars: days.map((day) => ({
        label: shortDay(day),
        parts: [{ value: Number(fenOf(day.cash.amount)), look: 'main' }],
      })),
      write: (fen) => moneyText(moneyFromFen(BigInt(fen))),
      table: { head: [t(T.day), t(T.cash)], rows: days.map((day) => [day.day, moneyText(day.cash)]) },
    },
    lang,
  )
}

const shortDay = ({ day }: DayFigures) => day.slice(5)
