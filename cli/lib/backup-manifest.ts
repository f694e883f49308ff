import type { Dump } from '../../db/platform/dump.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'

const signed = (dump: unknown) => `backup ${JSON.stringify(dump)}`

/** What is in a backup, signed with the ledger's key: files that were changed are not restored. */
export function signManifest(vault: LedgerCipher, dump: Dump): string {
  return `${JSON.stringify({ dump, signature: vault.sign(signed(dump)) }, null, 2)}\n`
}

/** @throws where the mall has not written it, or has with other keys */
export function openManifest(vault: LedgerCipher, text: string): Dump {
  const { dump, signature } = JSON.parse(text) as { dump: Dump; signature: string }
  if (!vault.isSigned(signed(dump), signature)) {
    throw new Error('the backup was changed, or LEDGER_KEYS are not those it was made with: give --keys FILE')
  }
  return dump
}
