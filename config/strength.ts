import { z } from 'zod'
import { isLoopback } from './addresses.ts'
import { keys } from './formats.ts'

/** What an installation for customers does not accept: plain HTTP, and secrets that can be guessed. */

/** 32 random bytes have some 30 different ones, and 32 random hex digits some 14. */
const DIFFERENT_BYTES_MIN = 16
const DIFFERENT_CHARACTERS_MIN = 8

type Given = Readonly<Record<string, string | undefined>>

/** A host name without a dot is on the same network, such as another container. */
export function needsTls(given: string | undefined): boolean {
  const { protocol, hostname = '' } = URL.parse(given ?? '') ?? {}
  return protocol === 'http:' && /[.:]/.test(hostname)
}

/** @returns a line for each setting that an installation for customers must not have; no line shows a secret */
export function weakSettings(given: Given): string[] {
  return [...publicUrlProblems(given), ...keyProblems(given), ...secretProblems(given)]
}

/** Without TLS, cookies and tokens can be read on the way; on this machine there is no way. */
function publicUrlProblems({ PUBLIC_URL: given, HOST: host = '127.0.0.1' }: Given): string[] {
  if (given === undefined) {
    return isLoopback(host) ? [] : ['PUBLIC_URL: must be set, with https, when HOST is not loopback']
  }
  const { protocol, hostname = '' } = URL.parse(given) ?? {}
  if (protocol !== 'http:' || isLoopback(hostname)) return []
  return ['PUBLIC_URL: must be https']
}

/** Of several keys the first is judged: the others only open what was sealed with them. */
function keyProblems(given: Given): string[] {
  const names = ['LEDGER_KEYS', 'PAYLOAD_KEYS'] as const
  const first = names.map((name) => {
    const parsed = z.safeParse(keys, given[name] ?? '')
    return parsed.success ? parsed.data[0]?.key : undefined
  })
  const problems = names.flatMap((name, n) => {
    const key = first[n]
    return key && isGuessable(key, DIFFERENT_BYTES_MIN) ? [`${name}: the key is not random`] : []
  })
  const [ledger, payload] = first
  if (ledger && payload?.equals(ledger)) problems.push('LEDGER_KEYS, PAYLOAD_KEYS: must be different keys')
  return problems
}

const SECRETS = [
  'AUTH_JWT_SECRET',
  'ORDERS_WEBHOOK_SECRET',
  'POINTS_MALL_WALLET_SECRET',
  'POINTS_MALL_SUPPLIER_SECRET',
  'POINTS_MALL_ORDER_SERVICE_SECRET',
  'POINTS_MALL_PRODUCT_SERVICE_SECRET',
  'METRICS_TOKEN',
] as const

function secretProblems(given: Given): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const name of SECRETS) {
    const value = given[name]
    if (value === undefined) continue
    const text = value.replace(/^whsec_/, '')
    if (isGuessable(Buffer.from(text), DIFFERENT_CHARACTERS_MIN)) problems.push(`${name}: is not random`)
    const other = seen.get(text)
    if (other !== undefined) problems.push(`${other}, ${name}: must be different`)
    seen.set(text, name)
  }
  return problems
}

/** Few different bytes, a repeated part, or an even sequence such as 0, 1, 2. */
function isGuessable(bytes: Buffer, differentMin: number): boolean {
  if (new Set(bytes).size < differentMin) return true
  const half = Math.floor(bytes.length / 2)
  for (let part = 1; part <= half; part++) {
    if (bytes.subarray(part).equals(bytes.subarray(0, bytes.length - part))) return true
  }
  const step = (n: number) => ((bytes[n] ?? 0) - (bytes[n - 1] ?? 0) + 256) % 256
  return Array.from({ length: bytes.length - 1 }, (_, n) => step(n + 1)).every((each) => each === step(1))
}
