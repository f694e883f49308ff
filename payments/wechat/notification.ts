import { createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import type { Notification, VerifiedNotification } from '../port.ts'
import type { WechatAccount } from './api.ts'
import { checkSignature, decodeBase64 } from './signature.ts'
import { fen, transaction } from './transaction.ts'

const TAG_BYTES = 16

const envelope = z.object({
  id: z.string().min(1).max(64),
  create_time: z.iso.datetime({ offset: true }),
  event_type: z.string().max(64),
  resource_type: z.literal('encrypt-resource'),
  resource: z.object({
    algorithm: z.literal('AEAD_AES_256_GCM'),
    original_type: z.string().max(64),
    ciphertext: z.string(),
    associated_data: z.string().max(64).nullish(),
    nonce: z.string().min(1).max(32),
  }),
})
type Envelope = z.output<typeof envelope>

const payment = transaction.required({ transaction_id: true, amount: true })
const refund = z.object({
  mchid: z.string(),
  out_trade_no: z.string().min(1).max(32),
  transaction_id: z.string().min(1).max(64),
  out_refund_no: z.string().min(1).max(64),
  refund_id: z.string().min(1).max(64),
  refund_status: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL']),
  amount: z.object({ refund: fen }),
})

/** Never throws. @param rawBody the bytes as received */
export function verifyWechatNotification(
  account: WechatAccount,
  rawBody: Uint8Array,
  headers: Headers,
  now: Date,
): VerifiedNotification {
  const fault = checkSignature(account.platformKeys, headers, rawBody, now)
  if (fault) return { ok: false, fault }
  try {
    return readEnvelope(account, envelope.parse(JSON.parse(decodeUtf8(rawBody))))
  } catch {
    return { ok: false, fault: 'malformed' }
  }
}

type Said = Omit<Notification, 'eventId' | 'occurredAt'>
type Reader = (account: WechatAccount, resource: unknown) => Said | 'other_merchant'

const READERS: Readonly<Record<string, { readonly originalType: string; readonly read: Reader }>> = {
  'TRANSACTION.SUCCESS': { originalType: 'transaction', read: readPayment },
  'REFUND.SUCCESS': {
    originalType: 'refund',
    read: (account, resource) => readRefund(account, resource, 'SUCCESS'),
  },
  'REFUND.ABNORMAL': {
    originalType: 'refund',
    read: (account, resource) => readRefund(account, resource, 'ABNORMAL'),
  },
  'REFUND.CLOSED': {
    originalType: 'refund',
    read: (account, resource) => readRefund(account, resource, 'CLOSED'),
  },
}

function readEnvelope(account: WechatAccount, event: Envelope): VerifiedNotification {
  const resource: unknown = JSON.parse(decodeUtf8(decrypt(event.resource, account.apiV3Key)))
  const reader = Object.hasOwn(READERS, event.event_type) ? READERS[event.event_type] : undefined
  if (reader && reader.originalType !== event.resource.original_type) throw new Error('another resource')
  const said = reader ? reader.read(account, resource) : ({ kind: 'ignored' } as const)
  if (said === 'other_merchant') return { ok: false, fault: said }
  return { ok: true, notification: { eventId: event.id, occurredAt: new Date(event.create_time), ...said } }
}

/** AES-256-GCM with the tag at the end; `final` verifies it. */
function decrypt({ ciphertext, nonce, associated_data }: Envelope['resource'], key: string): Buffer {
  const sealed = decodeBase64(ciphertext)
  if (!sealed || sealed.length <= TAG_BYTES) throw new Error('no ciphertext')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(associated_data ?? ''))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
}

function readPayment(account: WechatAccount, resource: unknown): Said | 'other_merchant' {
  const said = payment.parse(resource)
  if (said.mchid !== account.mchId || said.appid !== account.appId) return 'other_merchant'
  if (said.trade_state !== 'SUCCESS') return { kind: 'ignored' }
  return {
    kind: 'paid',
    outTradeNo: said.out_trade_no,
    providerRef: said.out_trade_no,
    paymentRef: said.transaction_id,
    amountFen: said.amount.total,
  }
}

/** ABNORMAL is not final: the merchant can still complete such a refund. */
const REFUND_KINDS = { SUCCESS: 'refunded', CLOSED: 'refund_failed', ABNORMAL: 'ignored' } as const

function readRefund(
  account: WechatAccount,
  resource: unknown,
  announced: keyof typeof REFUND_KINDS,
): Said | 'other_merchant' {
  const said = refund.parse(resource)
  if (said.mchid !== account.mchId) return 'other_merchant'
  if (said.refund_status !== announced) throw new Error('another state')
  return {
    kind: REFUND_KINDS[announced],
    outTradeNo: said.out_trade_no,
    providerRef: said.out_trade_no,
    paymentRef: said.transaction_id,
    refundNo: said.out_refund_no,
    refundRef: said.refund_id,
    amountFen: said.amount.refund,
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}
