import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../config/index.ts'
import { createCheckpointFiles, HEADS_FOLDER, readCheckpoints } from '../db/wallet/checkpoints.ts'
import { walkLedger } from '../db/wallet/verification.ts'
import { decimalFromFen } from '../domain/money.ts'
import { disagreementLine } from '../i18n/finding-texts.ts'
import { report } from './lib/report.ts'

const TOTALS = ['issued', 'spent', 'reversed', 'expired', 'adjusted', 'available', 'held', 'outstanding']

/** Exit code 1 on any error. `--heads` adds folders of checkpoints from workers on other machines. */
await report('ledger:verify', async (db, vault) => {
  const { values } = parseArgs({ options: { heads: { type: 'string', multiple: true, default: [] } } })
  const folders = [join(readConfig().dataDir, HEADS_FOLDER), ...values.heads.map((folder) => resolve(folder))]
  const { heads, broken } = await readCheckpoints(folders.map(createCheckpointFiles), vault)
  const began = performance.now()
  const walk = await walkLedger(db, vault, heads)
  const seconds = (performance.now() - began) / 1000
  const amount = (currency: string, total: bigint) =>
    currency === 'CNY' ? decimalFromFen(total) : `${total}`
  return {
    totals: {
      accounts: `${walk.accounts}`,
      entries: `${walk.entries} in ${seconds.toFixed(1)} s`,
      'accounts in checkpoints': `${heads.size}`,
      ...Object.fromEntries(
        ['ZJF', 'CNY'].flatMap((currency) =>
          TOTALS.map((name) => [
            `${currency} ${name}`,
            amount(currency, walk.totals[`${currency} ${name}`] ?? 0n),
          ]),
        ),
      ),
    },
    broken: [...walk.broken.map(disagreementLine), ...broken],
  }
})
