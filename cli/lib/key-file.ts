import { readFileSync, writeFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Key } from '../../db/platform/encryption.ts'

/** In `node --env-file` format. */
export interface KeyFile {
  readonly LEDGER_KEYS: string
  readonly PAYLOAD_KEYS: string
}

const textOf = (keys: readonly Key[]) =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',')

export function keysOf(config: {
  readonly ledgerKeys: readonly Key[]
  readonly payloadKeys: readonly Key[]
}): KeyFile {
  return { LEDGER_KEYS: textOf(config.ledgerKeys), PAYLOAD_KEYS: textOf(config.payloadKeys) }
}

/** @throws if the file exists: keys must never be overwritten */
export function writeKeyFile(file: string, keys: KeyFile): void {
  const lines = Object.entries(keys).map(([name, value]) => `${name}=${value}\n`)
  const warning =
    '# With this file and a backup, anybody can read and forge every wallet. Without it, nobody can.\n'
  writeFileSync(file, warning + lines.join(''), { mode: 0o600, flag: 'wx', flush: true })
}

export function readKeyFile(file: string): KeyFile {
  const { LEDGER_KEYS, PAYLOAD_KEYS } = parseEnv(readFileSync(file, 'utf8'))
  if (!LEDGER_KEYS || !PAYLOAD_KEYS) throw new Error(`${file} lacks LEDGER_KEYS or PAYLOAD_KEYS`)
  return { LEDGER_KEYS, PAYLOAD_KEYS }
}

export function holds(atWork: KeyFile, wanted: KeyFile): boolean {
  return (['LEDGER_KEYS', 'PAYLOAD_KEYS'] as const).every((name) => {
    const there = atWork[name].split(',')
    return wanted[name].split(',').every((key) => there.includes(key))
  })
}
