import type { Lang } from '../../i18n/error-texts.ts'
import { sideText, subjectText } from '../../i18n/finding-texts.ts'
import { csvHead, csvHeaders, csvLine, moment, text } from '../platform/csv.ts'
import type { FindingView } from './reconciliation.ts'

const HEADERS = {
  zh: ['时间（北京时间）', '类型', '对象', '我方', '对方', '状态', '订单号', '订单地址', '编号'],
  en: ['Time (Beijing)', 'Type', 'Subject', 'Ours', 'Theirs', 'Status', 'Order number', 'Order', 'Finding'],
} as const

/** @param id of the reconciliation */
export function findingsTable(id: string, findings: readonly FindingView[], lang: Lang) {
  return {
    body: findingsCsv(findings, lang),
    headers: csvHeaders(`findings-${id}.csv`),
  }
}

function findingsCsv(findings: readonly FindingView[], lang: Lang): string {
  const lines = findings.map((finding) =>
    csvLine([
      moment(new Date(finding.found_at)),
      text(finding.kind),
      text(subjectText(finding.subject, lang)),
      text(finding.ours ? sideText(finding.ours, lang) : ''),
      text(finding.theirs ? sideText(finding.theirs, lang) : ''),
      text(finding.state),
      text(finding.order_no ?? ''),
      text(finding.order_url ?? ''),
      text(finding.id),
    ]),
  )
  return `${csvHead(HEADERS[lang])}${lines.join('')}`
}
