import type { Text } from '../common/common.ts'

export const SIGN_IN = {
  title: { zh: '登录', en: 'Sign in' },
  demo: {
    zh: '这是本机演示，点一下即可登录。',
    en: 'This is a local demo. One click signs you in.',
  },
  link: {
    zh: '请从你的商城会员中心进入，系统会自动登录。',
    en: 'Please enter from your shop’s member center. You will be signed in automatically.',
  },
  used: {
    zh: '这个登录链接已失效。每个链接只能用一次，请从商城重新进入。',
    en: 'This sign-in link is no longer valid. Each link works only once. Please enter from the shop again.',
  },
  switchTitle: { zh: '换一个账号登录？', en: 'Sign in with another account?' },
  switchHint: {
    zh: '你现在以 {now} 登录，这个链接会换成 {who}。不是你自己打开的链接，请不要继续。',
    en: 'You are signed in as {now}. This link signs you in as {who} instead. If you did not ask for it, do not continue.',
  },
  switchDo: { zh: '以 {who} 登录', en: 'Sign in as {who}' },
  stay: { zh: '继续使用 {who}', en: 'Stay signed in as {who}' },
  oneSession: { zh: '你只在这里登录着。', en: 'You are signed in here only.' },
  sessions: {
    zh: '你一共登录了 {n} 处，包括这里。',
    en: 'You are signed in on {n} devices or browsers, including this one.',
  },
  here: { zh: '退出这里', en: 'Sign out here' },
  everywhere: { zh: '退出所有设备', en: 'Sign out everywhere' },
  ended: {
    zh: '登录已过期。你填写的内容已保留，登录后可以接着提交。',
    en: 'Your session has expired. What you entered is saved: sign in to continue.',
  },
  lost: {
    zh: '登录已过期，这次提交没有生效，填写的内容也没能保留。请登录后重新填写。',
    en: 'Your session has expired. Nothing was submitted and what you entered could not be saved. Please sign in and fill it in again.',
  },
  people: {
    alice: { zh: '顾客，等级 3，积分充足', en: 'customer, level 3, plenty of points' },
    bob: { zh: '顾客，等级 1，800 积分', en: 'customer, level 1, 800 points' },
    carol: { zh: '顾客，等级 2，有各种状态的订单', en: 'customer, level 2, orders in every status' },
    operator: { zh: '运营人员，处理订单', en: 'operator, handles orders' },
    admin: { zh: '管理员，可调整钱包', en: 'admin, can adjust wallets' },
  },
} as const satisfies Record<string, Text | Record<string, Text>>
