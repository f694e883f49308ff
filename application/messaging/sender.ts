import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import { outcomeOf, retryAfterMs, type TryResult } from '../../domain/messaging/deliveries.ts'
import { hostOf, isPublicAddress, PrivateAddressError, publicLookup, type Resolve } from './public-address.ts'

export interface SendOptions {
  readonly timeoutMs: number
  readonly allowPrivate: boolean
  /** Ends the request when the process stops. */
  readonly stopping?: AbortSignal
  readonly resolve?: Resolve | undefined
}

/** Nobody reads answers; a receiver that sends more is cut off. */
const ANSWER_BYTES_MAX = 16 * 1024

/**
 * Posts one event. Follows no redirect and keeps no connection. Never throws for what the receiver does.
 * @throws when `stopping` ends it: then nobody knows whether it arrived
 */
export async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { timeoutMs, allowPrivate, stopping, resolve }: SendOptions,
): Promise<TryResult> {
  const target = new URL(url)
  const host = hostOf(target)
  if (!allowPrivate && (target.protocol !== 'https:' || (isIP(host) && !isPublicAddress(host)))) {
    return { outcome: 'address_not_allowed', status: null }
  }
  const inTime = AbortSignal.timeout(timeoutMs)
  const signal = stopping ? AbortSignal.any([inTime, stopping]) : inTime
  const content = Buffer.from(body)
  return new Promise((resolved, rejected) => {
    let answer: TryResult | undefined
    const start = target.protocol === 'https:' ? tlsRequest : plainRequest
    const request = start(target, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': content.length,
        'user-agent': 'points-mall-webhooks/1',
      },
      ...(allowPrivate ? {} : { lookup: publicLookup(resolve) }),
    })
    request.once('response', (response) => {
      const status = response.statusCode ?? 0
      const later = status === 429 || status === 503 ? response.headers['retry-after'] : undefined
      const known = { outcome: outcomeOf(status), status, retryAfterMs: retryAfterMs(later, Date.now()) }
      answer = known
      // The status decides, also where the rest does not come.
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) response.destroy()
      })
      response.on('error', () => {})
      response.once('close', () => resolved(known))
    })
    request.on('error', (error) => {
      if (answer) resolved(answer)
      else if (stopping?.aborted) rejected(error)
      else if (inTime.aborted) resolved({ outcome: 'timed_out', status: null })
      else if (error instanceof PrivateAddressError)
        resolved({ outcome: 'address_not_allowed', status: null })
      else resolved({ outcome: 'unreachable', status: null })
    })
    request.end(content)
  })
}
