import { shanghaiText } from '../../domain/business-time.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { sideText, subjectText } from '../../i18n/finding-texts.ts'
import { line, words } from '../platform/csv.ts'
import type { FindingView } from './reconciliation.ts'

const HEADERS = {
  zh: ['时间（北京时间）', '类型', '对象', '我方', '对方', '状态', '订单号', '订单地址', '编号'],
  en: ['Time (Beijing)', 'Type', 'Subject', 'Ours', 'Theirs', 'Status', 'Order number', 'Order', 'Finding'],
} as const

/** @param id of the reconciliation */
export function findingsTable(id: string, findings: readonly FindingView[], lang: Lang) {
  return {
    body: findingsCsv(findings, lang),
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': `attachment; filename="findings-${id}.csv"`,
    },
  }
}

function findingsCsv(findings: readonly FindingView[], lang: Lang): string {
  const lines = findings.map((finding) =>
    line([
      shanghaiText(new Date(finding.found_at)),
      finding.kind,
      words(subjectText(finding.subject, lang)),
      words(finding.ours ? sideText(finding.ours, lang) : ''),
      words(finding.theirs ? sideText(finding.theirs, lang) : ''),
      finding.state,
      words(finding.order_no ?? ''),
      finding.order_url ?? '',
      finding.id,
    ]),
  )
  return `\uFEFF${line(HEADERS[lang])}${lines.join('')}`
}
