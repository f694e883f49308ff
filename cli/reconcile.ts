import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createReconciliationActivities } from '../activities/reconciliation.ts'
import { exchangeSettings } from '../application/orders/exchange-deps.ts'
import { createEngine } from '../application/reconciliation/reconciliation.ts'
import { connectTemporal } from '../application/temporal/client.ts'
import { ConfigError, readConfig } from '../config/index.ts'
import { createEncryptor } from '../db/platform/encryption.ts'
import { findRun, type KeptFinding, listFindings } from '../db/reconciliation/reconciliations.ts'
import { dateInShanghai } from '../domain/business-time.ts'
import { sideText, subjectText, totalsInWords } from '../i18n/finding-texts.ts'
import { createProviders } from '../payments/providers.ts'
import { report } from './lib/report.ts'

/** `--day YYYY-MM-DD` in Shanghai, default today. Stores the findings; exit code 1 if there are any. */
await report('reconcile', async (db, vault) => {
  const { values } = parseArgs({ options: { day: { type: 'string' } } })
  const today = dateInShanghai(Date.now())
  const day = values.day ?? today
  if (!isDate(day) || day > today) throw new Error(`--day ${day}: not a day like 2026-11-23 that has begun`)
  const config = readConfig()
  const { temporal: engine, payloadKeys, payments } = config
  const [ownerKey] = payloadKeys
  if (!ownerKey) throw new ConfigError('PAYLOAD_KEYS: contains no key')
  const temporal = connectTemporal(engine.connection, engine.namespace, createEncryptor(payloadKeys))
  const steps = createReconciliationActivities({
    db,
    vault,
    providers: createProviders(payments),
    engine: createEngine({ db, temporal, ownerKey, settings: exchangeSettings(config) }),
  })
  const { id, providers } = await steps.beginReconciliation({ day, runKey: `cli/${randomUUID()}` })
  await Promise.all(providers.map((provider) => steps.reconcileProvider({ id, day, provider })))
  await steps.reconcileBooks(id)
  await steps.reconcileWorkflows(id)
  await steps.finishReconciliation(id)
  await temporal.client.connection.close()
  const run = await findRun(db, id)
  const totals = Object.entries(totalsInWords(run?.totals ?? {})).toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  )
  return { totals: Object.fromEntries(totals), broken: (await listFindings(db, id)).map(describe) }
})

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === text
}

function describe({ kind, subject, ours, theirs, state }: KeptFinding): string {
  const said = (side: KeptFinding['ours']) => (side ? sideText(side, 'en') : 'nothing')
  const sides = ours === null && theirs === null ? '' : `: ours ${said(ours)}, theirs ${said(theirs)}`
  return `${kind} ${subjectText(subject, 'en')}${sides}${state === 'healed' ? ' (healed)' : ''}`
}
