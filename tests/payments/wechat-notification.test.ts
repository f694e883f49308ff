import { createCipheriv, sign } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Aes, Decorator, Formatter, Rsa } from 'wechatpay-axios-plugin'
import { verifyWechatNotification } from '../../payments/wechat/notification.ts'
import { signLines } from '../../payments/wechat/signature.ts'
import { newKey } from '../support/accounts.ts'
import { accountAt, CERTIFICATE, MERCHANT, signedByOthers } from './wechat-sides.ts'

const NOW = new Date('2026-11-22T12:00:00.750Z')
const account = accountAt('http://127.0.0.1:1', 'http://127.0.0.1:2')

const PAYMENT = {
  appid: MERCHANT.appId,
  mchid: MERCHANT.mchId,
  out_trade_no: 'PM20261122120000ABCDEFGHJKMN-1',
  transaction_id: '4200002026112200000000000001',
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'OTHERS',
  attach: '',
  success_time: '2026-11-22T20:00:00+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 990, payer_total: 990, currency: 'CNY', payer_currency: 'CNY' },
}
const REFUND = {
  mchid: MERCHANT.mchId,
  out_trade_no: PAYMENT.out_trade_no,
  transaction_id: PAYMENT.transaction_id,
  out_refund_no: `${PAYMENT.out_trade_no}-R1`,
  refund_id: '5030002026112200000000000001',
  refund_status: 'SUCCESS',
  success_time: '2026-11-22T20:00:00+08:00',
  user_received_account: '支付用户零钱',
  amount: { total: 990, refund: 300, payer_total: 990, payer_refund: 300 },
}

/** Encrypted as the third-party package does. */
function sealed(text: string, { key = MERCHANT.apiV3Key, nonce = 'fdasflkja484', aad = 'transaction' } = {}) {
  return {
    original_type: aad,
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: Aes.AesGcm.encrypt(text, key, nonce, aad),
    associated_data: aad,
    nonce,
  }
}
function eventText(type: string, resource: object, more: object = {}): string {
  return JSON.stringify({
    id: 'b3b8c8e4-0000-5000-9000-000000000001',
    create_time: '2026-11-22T20:00:00+08:00',
    resource_type: 'encrypt-resource',
    event_type: type,
    summary: '支付成功',
    resource,
    ...more,
  })
}
const paymentText = (order: object) => eventText('TRANSACTION.SUCCESS', sealed(JSON.stringify(order)))
const refundText = (type: string, refund: object) =>
  eventText(type, sealed(JSON.stringify(refund), { aad: 'refund' }))

const PAID = paymentText(PAYMENT)

type Sent = Record<string, string>
const ours = (body: string | Uint8Array, headers: Sent) =>
  verifyWechatNotification(
    account,
    typeof body === 'string' ? Buffer.from(body) : body,
    new Headers(headers),
    NOW,
  )
const read = (text: string) => ours(text, signedByOthers(text, { at: NOW }))

const check = Decorator.responseVerifier(Object.fromEntries(account.platformKeys)) as (
  this: object,
  data: string,
  headers: Sent,
) => unknown
/** What the third-party package accepts: signed, in time, and decrypted. */
function othersAccept(body: string | Uint8Array, headers: Sent): boolean {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString()
  try {
    if (check.call({}, text, headers) !== text) return false
    const { resource } = JSON.parse(text) as { resource: Record<string, string> }
    const { ciphertext = '', nonce = '', associated_data } = resource
    JSON.parse(Aes.AesGcm.decrypt(ciphertext, MERCHANT.apiV3Key, nonce, associated_data))
    return true
  } catch {
    return false
  }
}

// The third-party package reads the clock itself.
beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

test('our signatures and those of the third-party package are interchangeable', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), (lines) => {
      const theirs = Rsa.sign(Formatter.joinedByLineFeed(...lines), Rsa.from(MERCHANT.privateKey, 'private'))
      expect(signLines(lines, MERCHANT.privateKey)).toBe(theirs)
    }),
    { numRuns: 50 },
  )
})

describe('a notification, compared with the third-party package', () => {
  const good = signedByOthers(PAID, { at: NOW })
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
  const aged = (seconds: number) => signedByOthers(PAID, { at: at(-seconds) })
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
  const signature = good['wechatpay-signature'] ?? ''
  const asSha1 = (message: string) =>
    sign('sha1', Buffer.from(message), MERCHANT.privateKey).toString('base64')
  const sha1 = asSha1(`${good['wechatpay-timestamp']}\n${good['wechatpay-nonce']}\n${PAID}\n`)
  const cases: [name: string, headers: Sent, body: string, believed: boolean][] = [
    ['valid', good, PAID, true],
    [
      'by the certificate',
      signedByOthers(PAID, { at: NOW, serial: CERTIFICATE, key: MERCHANT.certificate?.privateKey ?? '' }),
      PAID,
      true,
    ],
    ['299 s old', aged(299), PAID, true],
    ['300 s old', aged(300), PAID, true],
    ['301 s old', aged(301), PAID, false],
    ['300 s ahead', aged(-300), PAID, true],
    ['301 s ahead', aged(-301), PAID, false],
    ['another key', signedByOthers(PAID, { at: NOW, key: newKey() }), PAID, false],
    ['the shop’s own key', signedByOthers(PAID, { at: NOW, key: account.privateKey }), PAID, false],
    [
      'the key under the certificate’s serial',
      signedByOthers(PAID, { at: NOW, serial: CERTIFICATE }),
      PAID,
      false,
    ],
    ['an unknown serial', { ...good, 'wechatpay-serial': 'PUB_KEY_ID_0000000002' }, PAID, false],
    [
      'a serial that is a property of every object',
      { ...good, 'wechatpay-serial': '__proto__' },
      PAID,
      false,
    ],
    [
      'another time',
      { ...good, 'wechatpay-timestamp': `${Number(good['wechatpay-timestamp']) + 1}` },
      PAID,
      false,
    ],
    ['another nonce', { ...good, 'wechatpay-nonce': 'another' }, PAID, false],
    ['a probe', { ...good, 'wechatpay-signature': `WECHATPAY/SIGNTEST/${signature.slice(19)}` }, PAID, false],
    [
      'a probe before the right one',
      { ...good, 'wechatpay-signature': `WECHATPAY/SIGNTEST/${signature}` },
      PAID,
      false,
    ],
    ['SHA-1 for SHA-256', { ...good, 'wechatpay-signature': sha1 }, PAID, false],
    ['a cut signature', { ...good, 'wechatpay-signature': signature.slice(0, -4) }, PAID, false],
    ['another body', good, paymentText({ ...PAYMENT, amount: { ...PAYMENT.amount, total: 1 } }), false],
    ['a body with a line end', good, `${PAID}\n`, false],
    ['an empty body', good, '', false],
    ['an empty body, signed', signedByOthers('', { at: NOW }), '', false],
    ['no time', without('wechatpay-timestamp'), PAID, false],
    ['no nonce', without('wechatpay-nonce'), PAID, false],
    ['no serial', without('wechatpay-serial'), PAID, false],
    ['no signature', without('wechatpay-signature'), PAID, false],
  ]
  test.each(cases)('%s', (_name, headers, body, believed) => {
    expect(othersAccept(body, headers)).toBe(believed)
    expect(ours(body, headers).ok).toBe(believed)
  })

  test('reports which check failed', () => {
    expect(ours(PAID, without('wechatpay-nonce'))).toEqual({ ok: false, fault: 'unsigned' })
    expect(ours(PAID, aged(301))).toEqual({ ok: false, fault: 'stale' })
    expect(ours(`${PAID} `, good)).toEqual({ ok: false, fault: 'bad_signature' })
    expect(read('{}')).toEqual({ ok: false, fault: 'malformed' })
  })

  test('is checked more strictly: base64 to the last bit, and no time with a tail', () => {
    const loose: Sent[] = [
      { ...good, 'wechatpay-signature': `${signature.slice(0, 9)} ${signature.slice(9)}` },
      { ...good, 'wechatpay-signature': signature.replace(/=+$/, '') },
    ]
    for (const headers of loose) {
      expect(othersAccept(PAID, headers)).toBe(true)
      expect(ours(PAID, headers)).toEqual({ ok: false, fault: 'bad_signature' })
    }
    const { 'wechatpay-nonce': nonce = '' } = good
    const tailed = `${Math.floor(NOW.getTime() / 1000)}.5`
    const bySecond = {
      ...good,
      'wechatpay-timestamp': tailed,
      'wechatpay-signature': signLines([tailed, nonce, PAID], MERCHANT.privateKey),
    }
    expect(othersAccept(PAID, bySecond)).toBe(true)
    expect(ours(PAID, bySecond)).toEqual({ ok: false, fault: 'unsigned' })
  })

  test('is refused by both with one flipped bit in body or signature', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), fc.boolean(), (where, bit, inBody) => {
        const bytes = Buffer.from(inBody ? PAID : signature, inBody ? 'utf8' : 'base64')
        const index = where % bytes.length
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index)
        const headers = inBody ? good : { ...good, 'wechatpay-signature': bytes.toString('base64') }
        const body = inBody ? bytes : Buffer.from(PAID)
        expect(othersAccept(body, headers)).toBe(false)
        expect(ours(body, headers)).toEqual({ ok: false, fault: 'bad_signature' })
      }),
      { numRuns: 1_000 },
    )
  })

  test('is never accepted, in any mutation, if the package refuses it, and never throws', () => {
    const edit = fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.string({ maxLength: 8 }))
    const apply = (text: string, [start, cut, put]: [number, number, string]) => {
      const index = start % (text.length + 1)
      return text.slice(0, index) + put + text.slice(index + cut)
    }
    const names = fc.constantFrom(...Object.keys(good))
    let believed = 0
    fc.assert(
      fc.property(
        fc.option(fc.tuple(names, edit)),
        fc.option(edit),
        fc.integer({ min: -400, max: 400 }),
        (header, body, shift) => {
          const signed = aged(shift)
          const [name, change] = header ?? []
          const sentHeaders =
            name && change ? { ...signed, [name]: apply(signed[name] ?? '', change) } : signed
          const sentBody = body ? apply(PAID, body) : PAID
          fc.pre(Object.values(sentHeaders).every((value) => /^[\x21-\x7e]*$/.test(value)))
          const verdict = ours(sentBody, sentHeaders)
          if (verdict.ok) expect(othersAccept(sentBody, sentHeaders)).toBe(true)
          believed += verdict.ok ? 1 : 0
          const untouched = JSON.stringify(sentHeaders) === JSON.stringify(signed) && sentBody === PAID
          if (untouched) expect(verdict.ok).toBe(Math.abs(shift) <= 300)
        },
      ),
      { numRuns: 1_000 },
    )
    expect(believed).toBeGreaterThan(0)
  })
})

describe('an encrypted resource is refused with a change of', () => {
  const resource = sealed(JSON.stringify(PAYMENT))
  const bytes = Buffer.from(resource.ciphertext, 'base64')
  const altered = (index: number) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt8(copy.readUInt8(index) ^ 1, index)
    return copy.toString('base64')
  }
  // Each is signed correctly: only the encryption is wrong.
  test.each([
    ['the first byte, under the old tag', { ciphertext: altered(0) }],
    [
      'a byte of the amount, under the old tag',
      { ciphertext: altered(JSON.stringify(PAYMENT).indexOf('990')) },
    ],
    ['the tag', { ciphertext: altered(bytes.length - 1) }],
    ['no tag', { ciphertext: bytes.subarray(0, -16).toString('base64') }],
    ['a short tag', { ciphertext: bytes.subarray(0, -12).toString('base64') }],
    ['nothing but a tag', { ciphertext: bytes.subarray(-16).toString('base64') }],
    ['empty', { ciphertext: '' }],
    ['other associated data', { associated_data: 'refund' }],
    ['no associated data', { associated_data: '' }],
    ['another nonce', { nonce: 'fdasflkja485' }],
    ['an empty nonce', { nonce: '' }],
  ])('%s', (_name, change) => {
    const text = eventText('TRANSACTION.SUCCESS', { ...resource, ...change })
    expect(othersAccept(text, signedByOthers(text, { at: NOW }))).toBe(false)
    expect(read(text)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('any byte of ciphertext, tag, nonce or associated data', () => {
    const parts = fc.constantFrom('ciphertext' as const, 'nonce' as const, 'associated_data' as const)
    fc.assert(
      fc.property(parts, fc.nat(), fc.integer({ min: 1, max: 127 }), (part, where, by) => {
        const encoding = part === 'ciphertext' ? 'base64' : 'latin1'
        const copy = Buffer.from(resource[part], encoding)
        const index = where % copy.length
        copy.writeUInt8(copy.readUInt8(index) ^ by, index)
        const text = eventText('TRANSACTION.SUCCESS', { ...resource, [part]: copy.toString(encoding) })
        expect(othersAccept(text, signedByOthers(text, { at: NOW }))).toBe(false)
        expect(read(text)).toEqual({ ok: false, fault: 'malformed' })
      }),
      { numRuns: 1_000 },
    )
  })

  test('the key or the algorithm', () => {
    const stranger = sealed(JSON.stringify(PAYMENT), { key: 'another key of somebody: 32 byte' })
    expect(read(eventText('TRANSACTION.SUCCESS', stranger))).toEqual({ ok: false, fault: 'malformed' })
    const plain = createCipheriv('aes-256-ctr', MERCHANT.apiV3Key, Buffer.alloc(16))
    const ciphertext = Buffer.concat([plain.update(JSON.stringify(PAYMENT)), plain.final()]).toString(
      'base64',
    )
    const open = { ...resource, algorithm: 'AES_256_CTR', ciphertext }
    expect(read(eventText('TRANSACTION.SUCCESS', open))).toEqual({ ok: false, fault: 'malformed' })
  })
})

describe('a verified notification', () => {
  const common = {
    occurredAt: new Date('2026-11-22T12:00:00Z'),
    eventId: 'b3b8c8e4-0000-5000-9000-000000000001',
    outTradeNo: PAYMENT.out_trade_no,
    providerRef: PAYMENT.out_trade_no,
    paymentRef: PAYMENT.transaction_id,
  }
  const ofRefund = { refundNo: REFUND.out_refund_no, refundRef: REFUND.refund_id, amountFen: 300n }

  test('can be a payment', () => {
    const notification = { ...common, kind: 'paid', amountFen: 990n }
    expect(read(PAID)).toEqual({ ok: true, notification })
  })

  test.each([
    ['REFUND.SUCCESS', 'SUCCESS', 'refunded'],
    ['REFUND.ABNORMAL', 'ABNORMAL', 'ignored'],
    ['REFUND.CLOSED', 'CLOSED', 'refund_failed'],
  ])("%s is a refund's result", (type, refund_status, kind) => {
    const notification = { ...common, ...ofRefund, kind }
    expect(read(refundText(type, { ...REFUND, refund_status }))).toEqual({ ok: true, notification })
  })

  test('of a refund is never a payment, whatever its type says', () => {
    const refund = JSON.stringify(REFUND)
    const both = JSON.stringify({ ...REFUND, ...PAYMENT, refund_status: 'SUCCESS' })
    const named = [
      eventText('TRANSACTION.SUCCESS', sealed(refund)),
      eventText('TRANSACTION.SUCCESS', sealed(refund, { aad: 'refund' })),
      eventText('TRANSACTION.SUCCESS', sealed(both, { aad: 'refund' })),
      eventText('REFUND.SUCCESS', sealed(JSON.stringify(PAYMENT))),
      eventText('REFUND.SUCCESS', sealed(JSON.stringify(PAYMENT), { aad: 'refund' })),
      refundText('REFUND.SUCCESS', { ...REFUND, refund_status: 'ABNORMAL' }),
      refundText('REFUND.ABNORMAL', REFUND),
      refundText('REFUND.CLOSED', { ...REFUND, refund_status: 'ABNORMAL' }),
    ]
    for (const text of named) expect(read(text)).toEqual({ ok: false, fault: 'malformed' })
  })

  test.each([
    ['a payment for another merchant', paymentText({ ...PAYMENT, mchid: '1900000002' })],
    ['a payment in another app', paymentText({ ...PAYMENT, appid: 'wx0000000000000002' })],
    ['a refund of another merchant', refundText('REFUND.SUCCESS', { ...REFUND, mchid: '1900000002' })],
  ])('%s is not ours', (_name, text) => {
    expect(read(text)).toEqual({ ok: false, fault: 'other_merchant' })
  })

  test.each([
    ['a state other than success', paymentText({ ...PAYMENT, trade_state: 'NOTPAY' })],
    ['a refunded order', paymentText({ ...PAYMENT, trade_state: 'REFUND' })],
    ['another event', eventText('PAYSCORE.USER_OPEN_SERVICE', sealed('{}'))],
    ['an event type that is a property of every object', eventText('__proto__', sealed('{}'))],
    [
      'an event type that is a method of every object',
      eventText('toString', sealed(JSON.stringify(PAYMENT))),
    ],
  ])('%s is ignored', (_name, text) => {
    expect(read(text)).toMatchObject({ ok: true, notification: { kind: 'ignored' } })
  })

  const amount = (total: unknown) => ({ ...PAYMENT, amount: { ...PAYMENT.amount, total } })
  test.each([
    ['a fraction of a fen', amount(9.5)],
    ['a negative amount', amount(-1)],
    ['an amount as text', amount('990')],
    ['an amount beyond exact integers', amount(2 ** 60)],
    ['no amount', { ...PAYMENT, amount: undefined }],
    ['another currency', { ...PAYMENT, amount: { total: 990, currency: 'USD' } }],
    ['a list for the order number', { ...PAYMENT, out_trade_no: [PAYMENT.out_trade_no] }],
    ['no transaction number', { ...PAYMENT, transaction_id: undefined }],
    ['an unknown state', { ...PAYMENT, trade_state: 'success' }],
    ['a list', [PAYMENT]],
  ])('%s is malformed', (_name, order) => {
    expect(read(paymentText(order))).toEqual({ ok: false, fault: 'malformed' })
  })

  test('with invalid UTF-8 is malformed, although its signature is right', () => {
    const bytes = Buffer.from(PAID.replace('b3b8c8e4', 'b3b8\u00ff8e4'), 'latin1')
    const timestamp = Math.floor(NOW.getTime() / 1000).toString()
    const message = Buffer.concat([Buffer.from(`${timestamp}\nn\n`), bytes, Buffer.from('\n')])
    const headers = {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': 'n',
      'wechatpay-serial': MERCHANT.keyId,
      'wechatpay-signature': sign('sha256', message, MERCHANT.privateKey).toString('base64'),
    }
    expect(ours(bytes, headers)).toEqual({ ok: false, fault: 'malformed' })
  })

  test('gives a verdict for any text and never throws', () => {
    const types = fc.constantFrom('TRANSACTION.SUCCESS', 'REFUND.SUCCESS', '__proto__')
    const texts = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.json(),
      fc.tuple(types, fc.jsonValue()).map(([type, value]) => eventText(type, { ...sealed(''), value })),
      fc.tuple(types, fc.jsonValue()).map(([type, value]) => eventText(type, sealed(JSON.stringify(value)))),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const verdict = read(text)
        expect(verdict.ok ? verdict.notification.kind : verdict.fault).toMatch(/^(ignored|malformed)$/)
      }),
      { numRuns: 500 },
    )
  })

  test('is refused if a key cannot be read', () => {
    const broken = { ...account, platformKeys: new Map([[MERCHANT.keyId, 'no key']]) }
    const headers = new Headers(signedByOthers(PAID, { at: NOW }))
    expect(verifyWechatNotification(broken, Buffer.from(PAID), headers, NOW)).toEqual({
      ok: false,
      fault: 'bad_signature',
    })
    const short = { ...account, apiV3Key: 'short' }
    expect(verifyWechatNotification(short, Buffer.from(PAID), headers, NOW)).toEqual({
      ok: false,
      fault: 'malformed',
    })
  })
})
