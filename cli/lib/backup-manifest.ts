import type { Dump } from '../../db/platform/dump.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'

const signed = (dump: unknown) => `backup ${JSON.stringify(dump)}`

/** The ledger's key signs it, so that changed files are not restored. */
export function signManifest(vault: LedgerCipher, dump: Dump): string {
  return `${JSON.stringify({ dump, signature: vault.sign(signed(dump)) }, null, 2)}\n`
}

/** @throws unless these keys signed it */
export function openManifest(vault: LedgerCipher, text: string): Dump {
  const { dump, signature } = JSON.parse(text) as { dump: Dump; signature: string }
  if (!vault.isSigned(signed(dump), signature)) {
    throw new Error('the backup was changed, or LEDGER_KEYS are not those it was made with: give --keys FILE')
  }
  return dump
}
