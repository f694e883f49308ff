import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { addSubscription, countParcelQuery, type Happened, happenedTo, isAtEnd, parcelOf } from './books.ts'
import type { TrackingDesk } from './desk.ts'
import { disturb } from './desk.ts'
import { shanghaiTime } from './life.ts'
import { objectIn, type PushForm } from './pushes.ts'

export interface Kuaidi100Customer {
  readonly customer: string
  readonly key: string
}

const NAME = 'kuaidi100'
const COMPANIES = new Set([
  'shunfeng',
  'yuantong',
  'zhongtong',
  'shentong',
  'yunda',
  'jd',
  'ems',
  'youzhengguonei',
  'jtexpress',
  'debangkuaidi',
  'huitongkuaidi',
])
const NUMBER = /^[0-9A-Za-z-]{6,32}$/

const signatureOf = (text: string) => createHash('md5').update(text, 'utf8').digest('hex').toUpperCase()
const refusal = (returnCode: string, message: string) => ({ result: false, returnCode, message })

/** The newest first. */
function result(num: string, com: string, happened: readonly Happened[], isSigned: boolean) {
  return {
    message: 'ok',
    nu: num,
    ischeck: isSigned ? '1' : '0',
    com,
    status: '200',
    state: happened.at(-1)?.step.code ?? '0',
    condition: isSigned ? 'F00' : '00',
    data: happened.toReversed().map(({ step, at }) => ({
      time: shanghaiTime(at),
      ftime: shanghaiTime(at),
      context: step.text,
      statusCode: step.code,
      areaName: step.city,
      location: step.city,
    })),
  }
}

/** The full list each time; a number of another carrier is followed there. */
export const kuaidi100Pushes: PushForm = {
  content: ({ num, com }, parcel, happened, status) => {
    const isSigned = isAtEnd(parcel, happened)
    const wrong = parcel.right_com !== null && parcel.right_com !== com
    return JSON.stringify({
      status,
      billstatus: isSigned ? 'check' : 'got',
      message: status === 'abort' ? '3天查询无记录' : '',
      autoCheck: wrong ? '1' : '0',
      comOld: wrong ? com : '',
      comNew: wrong ? parcel.right_com : '',
      lastResult: result(num, parcel.right_com ?? com, happened, isSigned),
    })
  },
  sign: (param, salt, wrongly) => ({ param, sign: signatureOf(param + (wrongly ? `${salt}?` : salt)) }),
  accepted: ({ result: taken, returnCode }) => taken === true && returnCode === '200',
  retrySeconds: [1_800, 1_800, 1_800],
}

/** As https://api.kuaidi100.com answers at `/poll`. */
export function kuaidi100Routes(desk: TrackingDesk, account: Kuaidi100Customer) {
  const { db } = desk
  return new Hono<{ Bindings: HttpBindings }>()
    .post('/query.do', async (c) => {
      const form = new URLSearchParams(await c.req.text())
      return disturb(c, desk, NAME, refusal('601', 'KEY已过期'), () => {
        const param = form.get('param') ?? ''
        const expected = signatureOf(param + account.key + account.customer)
        if (form.get('customer') !== account.customer || form.get('sign') !== expected) {
          return refusal('503', '验证签名失败')
        }
        const { com, num, phone } = objectIn(param)
        if (typeof com !== 'string' || typeof num !== 'string' || !COMPANIES.has(com) || !NUMBER.test(num)) {
          return refusal('400', '提交的数据不完整或者有误')
        }
        const parcel = parcelOf(db, NAME, num)
        countParcelQuery(db, parcel)
        if (com === 'shunfeng' && !isPhone(phone)) return refusal('408', '验证码错误：请输入手机号后四位')
        const happened = happenedTo(parcel, desk.clockScale)
        if (happened.length === 0 || (parcel.right_com !== null && parcel.right_com !== com)) {
          return refusal('500', '查询无结果，请隔段时间再查')
        }
        return result(num, com, happened, isAtEnd(parcel, happened))
      })
    })
    .post('/', async (c: Context<{ Bindings: HttpBindings }>) => {
      const form = new URLSearchParams(await c.req.text())
      const answer = await disturb(c, desk, NAME, refusal('601', 'POLL:KEY 已过期'), () => {
        const { company, number, key, parameters } = objectIn(form.get('param') ?? '')
        if (form.get('schema') !== 'json' || key !== account.key) return refusal('600', '您不是合法的订阅者')
        const { callbackurl, salt = '', phone } = (parameters ?? {}) as Record<string, unknown>
        const url = typeof callbackurl === 'string' ? URL.parse(callbackurl) : null
        if (typeof company !== 'string' || !COMPANIES.has(company) || typeof number !== 'string') {
          return refusal('700', '订阅方的订阅数据存在错误')
        }
        if (
          !NUMBER.test(number) ||
          url === null ||
          typeof salt !== 'string' ||
          (company === 'shunfeng' && !isPhone(phone))
        ) {
          return refusal('700', '订阅方的订阅数据存在错误')
        }
        parcelOf(db, NAME, number)
        // As with payments, notifications go to the mall only, however it is reached from outside.
        const made = addSubscription(db, {
          service: NAME,
          num: number,
          com: company,
          url: `${desk.mallUrl}${url.pathname}${url.search}`,
          salt,
          callback: '',
        })
        return made ? { result: true, returnCode: '200', message: '提交成功' } : refusal('501', '重复订阅')
      })
      desk.pusher.tick()
      return answer
    })
}

const isPhone = (value: unknown) => typeof value === 'string' && /\d{4}$/.test(value)
