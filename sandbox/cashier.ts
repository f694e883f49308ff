import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { decimalFromFen } from '../domain/money.ts'
import { findTrade, type Method, readBooks, type Trade } from './books.ts'
import { STYLE, TICK } from './look.ts'
import { type Desk, decline, pay, payLate } from './teller.ts'

const MERCHANT = '积分商城 Points Mall'

const METHODS: Readonly<Record<Method, readonly [string, string]>> = {
  bank_card: ['银行卡', 'Bank card'],
  alipay: ['支付宝', 'Alipay'],
  wechat: ['微信支付', 'WeChat Pay'],
}

const STATES: Readonly<Record<Trade['state'], readonly [string, string]>> = {
  unpaid: ['待支付', 'To be paid'],
  declined: ['待支付', 'To be paid'],
  paid: ['支付成功', 'Payment received'],
  closed: ['交易已关闭', 'This trade is closed'],
  refunded: ['已全额退款', 'Refunded in full'],
}

const BUTTONS = { pay, decline, late: payLate } as const
type Button = keyof typeof BUTTONS
const isButton = (action: unknown): action is Button =>
  typeof action === 'string' && Object.hasOwn(BUTTONS, action)

/** Works without JavaScript. */
export function cashierRoutes(desk: Desk): Hono {
  const app = new Hono()

  app.get('/', (c) => page(c, 200, '沙箱收银台', bookPage(desk)))

  app.get('/pay/:ref', (c) => {
    const trade = findTrade(desk.db, c.req.param('ref'))
    return trade ? page(c, 200, title(trade), tradePage(trade, backOf(c, trade))) : missing(c)
  })

  app.post('/pay/:ref', async (c) => {
    const ref = c.req.param('ref')
    const { action } = await c.req.parseBody()
    if (!isButton(action)) {
      return page(c, 422, '无法处理', message('无法处理', 'action must be pay or decline'))
    }
    const result = BUTTONS[action](desk, ref)
    if (!result) return missing(c)
    if (result !== 'refused') return c.redirect(`${c.req.path}${new URL(c.req.url).search}`, 303)
    const trade = findTrade(desk.db, ref)
    return trade ? page(c, 409, title(trade), tradePage(trade, backOf(c, trade), action)) : missing(c)
  })
  return app
}

/** WeChat Pay names the shop in the cashier's own URL. */
function backOf(c: Context, trade: Trade): string | undefined {
  const address = URL.parse(trade.returnUrl || (c.req.query('redirect_url') ?? ''))
  return address?.protocol === 'http:' || address?.protocol === 'https:' ? address.href : undefined
}

function tradePage(trade: Trade, back: string | undefined, refused?: Button) {
  const open = trade.state === 'unpaid' || trade.state === 'declined'
  const amount = decimalFromFen(trade.amountFen)
  return html`
    <main class="card ${trade.state}">
      ${refused && notice(...REFUSALS[refused])}
      ${!refused && trade.state === 'declined' && notice('银行拒绝了上一次支付，可以重新支付。', 'The bank declined. You can try again.')}
      ${!open && html`<p class="mark" aria-hidden="true">${trade.state === 'closed' ? '×' : '✓'}</p>`}
      <h1>${STATES[trade.state][0]} <small lang="en">${STATES[trade.state][1]}</small></h1>
      <p class="amount"><span class="sign">¥</span>${amount}</p>
      <p class="subject">${trade.subject}</p>
      <dl>
        ${row('收款方', 'Merchant', MERCHANT)}
        ${row('订单号', 'Order', html`<span class="number">${trade.outTradeNo}</span>`)}
        ${row('支付方式', 'Method', html`${METHODS[trade.method][0]} <small lang="en">${METHODS[trade.method][1]}</small>`)}
        ${open && trade.payBy && row('支付截止', 'Pay before', deadline(trade.payBy))}
      </dl>
    </main>
    <footer>
      ${
        open &&
        html`<form method="post">
              <button class="primary" name="action" value="pay">确认支付 ¥${amount} <small lang="en">Pay</small></button>
              <button class="plain" name="action" value="decline">模拟银行拒付 <small lang="en">Decline</small></button>
            </form>`
      }
      ${
        back &&
        html`<a class="${open ? 'plain' : 'primary'}" href="${back}">返回商城 <small lang="en">Back to the shop</small></a>`
      }
      ${
        trade.state === 'closed' &&
        html`<form method="post">
          <button class="plain" name="action" value="late">模拟钱迟到 <small lang="en">Pay all the same, too late</small></button>
        </form>`
      }
      <p class="hint">沙箱环境，不会扣真钱 <small lang="en">Sandbox: no real money moves</small></p>
    </footer>`
}

const REFUSALS: Readonly<Record<Button, readonly [string, string]>> = {
  pay: ['交易已关闭，不能再支付。', 'It is closed and cannot be paid.'],
  decline: ['交易已结束，不能再拒付。', 'It is over and cannot be declined.'],
  late: ['交易没有关闭，钱不会迟到。', 'It is not closed, so no money comes late.'],
}

function notice(chinese: string, english: string) {
  return html`<p class="notice" role="alert">${chinese} <small lang="en">${english}</small></p>`
}

function row(chinese: string, english: string, value: unknown) {
  return html`<div><dt>${chinese} <small lang="en">${english}</small></dt><dd>${value}</dd></div>`
}

function deadline(payBy: Date) {
  const two = '2-digit'
  const clock = payBy.toLocaleString('zh-CN', {
    timeZone: 'Asia/Shanghai',
    hourCycle: 'h23',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
  })
  return html`<time datetime="${payBy.toISOString()}">${clock}</time> <span id="left" role="timer"></span>`
}

function bookPage(desk: Desk) {
  const trades = readBooks(desk.db).slice(-50).reverse()
  return html`
    <main class="card">
      <h1>最近的交易 <small lang="en">Recent trades</small></h1>
      ${trades.length === 0 && html`<p class="subject">还没有交易 <small lang="en">None yet</small></p>`}
      <dl>
        ${trades.map((trade) =>
          row(trade.out_trade_no, METHODS[trade.method][1], `¥${trade.amount} ${STATES[trade.state][0]}`),
        )}
      </dl>
    </main>`
}

function message(chinese: string, english: string) {
  return html`<main class="card closed"><p class="mark" aria-hidden="true">×</p>
    <h1>${chinese} <small lang="en">${english}</small></h1></main>`
}

function missing(c: Context) {
  return page(c, 404, '没有这笔交易', message('没有这笔交易', 'No such trade'))
}

export function refusalPage(c: Context, status: 409 | 422, chinese: string, english: string) {
  return page(c, status, '无法支付', message(chinese, english))
}

function title(trade: Trade): string {
  return `${STATES[trade.state][0]} ¥${decimalFromFen(trade.amountFen)}`
}

function page(c: Context, status: 200 | 404 | 409 | 422, heading: string, content: unknown) {
  const nonce = randomBytes(16).toString('base64')
  c.header(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  )
  // The URL is the key to the trade: it must not leak to the shop's site or into a cache.
  c.header('referrer-policy', 'no-referrer')
  c.header('cache-control', 'no-store')
  c.header('x-content-type-options', 'nosniff')
  return c.html(
    html`<!doctype html>
<html lang="zh-CN">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <title>${heading} · 收银台</title>
    <style nonce="${nonce}">${STYLE}</style>
  </head>
  <body>
    <header><strong>收银台</strong> <small lang="en">Cashier</small><span class="badge">沙箱 Sandbox</span></header>
    ${content}
    <script nonce="${nonce}">${TICK}</script>
  </body>
</html>`,
    status,
  )
}
