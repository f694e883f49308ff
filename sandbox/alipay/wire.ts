import type { Wire } from '../teller.ts'
import { gatewayRoutes } from './gateway.ts'
import type { AlipayMerchant } from './merchant.ts'
import { refundNotices, sealNotice, tradeNotices } from './notices.ts'
import { METHOD } from './trades.ts'

export type { AlipayMerchant } from './merchant.ts'

const MINUTE_S = 60
const HOUR_S = 3_600

/** Eight sends within 24 hours and 22 minutes. */
const RETRY_SECONDS = [4 * MINUTE_S, 10 * MINUTE_S, 10 * MINUTE_S, ...[1, 2, 6, 15].map((n) => n * HOUR_S)]

/** @param webhookUrl takes precedence over a request's `notify_url` */
export function createAlipayWire(merchant: AlipayMerchant, webhookUrl: string): Wire {
  return {
    method: METHOD,
    path: '/gateway.do',
    channel: {
      url: webhookUrl,
      retrySeconds: RETRY_SECONDS,
      headers: (body) => ({
        'content-type': `application/x-www-form-urlencoded; charset=${charsetIn(body)}`,
        'user-agent': 'Mozilla/4.0',
      }),
      seal: (body, wrongly, inGbk) => sealNotice(body, merchant.privateKey, wrongly, inGbk),
      // Exactly these seven bytes.
      accepted: (status, answer) => status === 200 && answer === 'success',
    },
    tradeNotices: (trade, happened, asAnotherMerchant) =>
      tradeNotices(merchant, trade, happened, asAnotherMerchant),
    refundNotices: (trade, refund, all) => refundNotices(merchant, trade, refund, all),
    routes: (desk) => gatewayRoutes(desk, merchant),
  }
}

const charsetIn = (body: string) => new URLSearchParams(body).get('charset') ?? 'utf-8'
