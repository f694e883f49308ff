import type { TokenRefusal } from '../../../domain/token-refusal.ts'
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
  account: { zh: '使用账号登录', en: 'Sign in with your account' },
  staff: {
    zh: '运营人员：登录链接由管理员在服务器上生成（npm run sign-in-link）。',
    en: 'Staff: an administrator makes your sign-in link on the server (npm run sign-in-link).',
  },
  people: {
    alice: { zh: '顾客，等级 3，积分充足', en: 'customer, level 3, plenty of points' },
    bob: { zh: '顾客，等级 1，800 积分', en: 'customer, level 1, 800 points' },
    carol: { zh: '顾客，等级 2，有各种状态的订单', en: 'customer, level 2, orders in every status' },
    operator: { zh: '运营人员，处理订单', en: 'operator, handles orders' },
    admin: { zh: '管理员，可调整钱包', en: 'admin, can adjust wallets' },
  },
} as const satisfies Record<string, Text | Record<string, Text>>

const again = { zh: '请从商城重新进入。', en: 'Please enter from the shop again.' }
const shopFault = {
  zh: '请联系商城：它生成的链接与本系统的设置不一致。',
  en: 'Please contact the shop: its links do not match the settings of this system.',
}
const refused = (zh: string, en: string, then: Text = shopFault): Text => ({
  zh: `${zh}${then.zh}`,
  en: `${en} ${then.en}`,
})

/** Why somebody is not signed in, by a link or by the identity provider. */
export const SIGN_IN_REFUSED = {
  used: refused(
    '这个登录链接已经用过，每个链接只能用一次。',
    'This sign-in link was already used. Each link works only once.',
    again,
  ),
  expired: refused('这个登录链接已过期。', 'This sign-in link has expired.', again),
  not_yet_valid: refused(
    '这个登录链接尚未生效：两台服务器的时钟不一致。',
    'This sign-in link is not valid yet: the clocks of the two servers differ.',
  ),
  malformed: refused('这个登录链接不完整。', 'This sign-in link is incomplete.', again),
  algorithm: refused(
    '这个登录链接的签名算法不被接受（alg）。',
    'The signature algorithm of this sign-in link is not accepted (alg).',
  ),
  key: refused(
    '找不到这个登录链接的签名密钥（kid）。',
    'The key of this sign-in link is not in the key set (kid).',
  ),
  signature: refused('这个登录链接的签名不正确。', 'The signature of this sign-in link is wrong.'),
  issuer: refused('这个登录链接的签发方不正确（iss）。', 'This sign-in link has the wrong issuer (iss).'),
  audience: refused('这个登录链接的用途不正确（aud）。', 'This sign-in link has the wrong audience (aud).'),
  claim: refused('登录信息缺少声明 {claim}，或其内容不正确。', 'The claim {claim} is missing or wrong.'),
  other_browser: {
    zh: '登录没有在开始的浏览器中完成，或者用时过长。请重新登录。',
    en: 'Sign-in was not finished in the browser that started it, or took too long. Please sign in again.',
  },
  denied: { zh: '身份提供方没有允许登录。', en: 'The identity provider did not allow the sign-in.' },
  provider: {
    zh: '身份提供方的答复无法使用，未能登录。请重试；若反复出现，请联系商城。',
    en: 'The answer of the identity provider cannot be used. Please try again, and contact the shop if this persists.',
  },
  provider_away: {
    zh: '暂时无法连接身份提供方，请稍后重试。',
    en: 'The identity provider is unavailable. Please try again in a moment.',
  },
} as const satisfies Record<TokenRefusal['code'], Text> & Record<string, Text>
