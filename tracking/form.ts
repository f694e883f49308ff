import { createHash, timingSafeEqual } from 'node:crypto'
import type { SubscribeResult } from './port.ts'

const CALL_MS = 8_000
const ANSWER_MAX = 512 * 1024

export const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex')

/** Whether two signatures are the same, in constant time. */
export function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(expected))
}

/** Sends a form and reads a JSON object. @throws Error on a time-out, another status or another form of answer */
export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams(form).toString(),
    redirect: 'error',
    signal: AbortSignal.timeout(CALL_MS),
  })
  const text = await response.text()
  if (!response.ok || text.length > ANSWER_MAX)
    throw new Error(`the tracking service answered ${response.status}`)
  const answer = parsed(text)
  if (answer === undefined) throw new Error('the tracking service answered no JSON object')
  return answer
}

/** The connection failed, so that nothing was sent. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Sends a form that subscribes a parcel. Never throws.
 * @param judge says what an answer means
 */
export async function postSubscription(
  url: string,
  form: Readonly<Record<string, string>>,
  judge: (answer: Record<string, unknown>) => SubscribeResult,
): Promise<SubscribeResult> {
  try {
    return judge(await postForm(url, form))
  } catch (error) {
    const { code } = (error instanceof Error ? (error.cause ?? {}) : {}) as { code?: unknown }
    const wasSent = typeof code !== 'string' || !NOT_SENT.has(code)
    return { outcome: wasSent ? 'unknown' : 'unreachable', code: null, isLasting: false }
  }
}

/** The code has at most 32 characters. */
export const refusedWith = (code: string, isLasting: boolean): SubscribeResult => ({
  outcome: 'refused',
  code: code.slice(0, 32),
  isLasting,
})

export const ACCEPTED: SubscribeResult = { outcome: 'accepted', code: null, isLasting: false }

/** @returns undefined where it is no JSON object */
export function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const objectsIn = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isObject) : []

/** Text or a number as text; empty where it is neither. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : ''
