import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import type { WechatAccount } from '../../payments/wechat/api.ts'
import type { WechatMerchant } from '../../sandbox/wechat/signature.ts'
import { ACCOUNTS, mallSides, newKey, publicOf, sandboxSides } from '../support/accounts.ts'

/** The serial number of the platform certificate that is in use next to the public key. */
export const CERTIFICATE = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1'
const certificateKey = newKey()

/** The sandbox's side, with both kinds of keys. */
export const MERCHANT: WechatMerchant = {
  ...sandboxSides(ACCOUNTS).wechat,
  certificate: { serial: CERTIFICATE, privateKey: certificateKey },
}

/** The mall's side. @param kind the keys it holds */
export function accountAt(
  sandboxUrl: string,
  mallUrl: string,
  kind: 'public key' | 'certificate' | 'both' = 'both',
): WechatAccount {
  const account = mallSides(ACCOUNTS, sandboxUrl, mallUrl).wechat
  const certificate = [CERTIFICATE, publicOf(certificateKey)] as const
  const platformKeys = new Map([
    ...(kind === 'certificate' ? [] : account.platformKeys),
    ...(kind === 'public key' ? [] : [certificate]),
  ])
  return { ...account, platformKeys }
}

/** The `Wechatpay-…` headers of a body, made by the third-party package. */
export function signedByOthers(
  body: string,
  {
    at = new Date(),
    serial = MERCHANT.keyId,
    key = MERCHANT.privateKey,
    nonce = randomBytes(16).toString('hex'),
  } = {},
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000).toString()
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': serial,
    'wechatpay-signature': Rsa.sign(Formatter.response(timestamp, nonce, body), Rsa.from(key, 'private')),
  }
}

/** A client of the third-party package for this merchant. */
export function othersAt(account: WechatAccount) {
  return new Wechatpay({
    mchid: account.mchId,
    serial: account.serial,
    privateKey: account.privateKey,
    certs: Object.fromEntries(account.platformKeys),
    baseURL: account.baseUrl,
    // Ignores a proxy from the environment.
    proxy: false,
  })
}

export interface Said {
  readonly status: number
  readonly body?: object
  readonly headers?: Record<string, string>
}

/** A WeChat Pay that gives answers which the sandbox never gives, signed unless `headers` are given. */
export async function startAnswering(answer: (method: string, path: string) => Said) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, body, headers } = answer(request.method ?? '', request.url ?? '')
      const text = body === undefined ? '' : JSON.stringify(body)
      response.writeHead(status, headers ?? signedByOthers(text)).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
