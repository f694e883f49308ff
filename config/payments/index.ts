import type { z } from 'zod'
import {
  PAYMENT_METHODS as METHODS,
  type PaymentMethod as Method,
  PROVIDER_METHODS,
  type ProviderMethod,
  type ProviderName,
} from '../../domain/payments/method.ts'
import { ConfigError } from '../error.ts'
import { needsTls } from '../strength.ts'
import { alipay } from './alipay.ts'
import type { AccountSource, Made } from './source.ts'
import { stripe } from './stripe.ts'
import { wechat } from './wechat.ts'

/** The accounts at the payment providers, and the payment methods that they make possible. */

const SOURCES = { alipay, wechat, stripe } as const satisfies Record<ProviderName, unknown>

type Sources = typeof SOURCES
type Together<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never
type AnySource = AccountSource<z.ZodRawShape, Record<string, () => string>, unknown, unknown>

const NAMES = Object.keys(SOURCES) as ProviderName[]
const METHOD_NAMES = Object.keys(PROVIDER_METHODS) as ProviderMethod[]
/** Each name has the source with the types of its own provider. */
const sourceOf = (name: ProviderName) => SOURCES[name] as unknown as AnySource

export const paymentVariables = Object.assign(
  {},
  ...NAMES.map((name) => SOURCES[name].variables),
) as Together<Sources[ProviderName]['variables']>

type PaymentVariables = z.output<z.ZodObject<typeof paymentVariables>>

/** The keys of a demo, both its own and those of its sandbox provider, which signs as the real providers do. */
export type PaymentSecrets = Together<Made<Sources[ProviderName]['secrets']>>

/** How to generate each of them. */
export const paymentSecrets = Object.assign({}, ...NAMES.map((name) => SOURCES[name].secrets)) as {
  readonly [Name in keyof PaymentSecrets]: () => string
}

/** Whether any of the needed variables of a provider is set. */
const isGiven = (given: object, name: ProviderName) =>
  sourceOf(name).needed.some((variable) => (given as Record<string, unknown>)[variable] !== undefined)

/** @returns a line for each account that is incomplete, and for each that is reached without TLS */
export function paymentProblems(given: Record<string, string | undefined>, demo: boolean): string[] {
  const problems: string[] = []
  for (const method of METHOD_NAMES) {
    const name = PROVIDER_METHODS[method].provider
    const missing = sourceOf(name).needed.filter((variable) => given[variable] === undefined)
    for (const variable of isGiven(given, name) ? missing : []) {
      problems.push(`${variable}: must be set, since others of ${method} are`)
    }
  }
  for (const name of NAMES) {
    const { baseUrl, problems: further } = sourceOf(name)
    problems.push(...(further?.(given, isGiven(given, name)) ?? []))
    if (!demo && needsTls(given[baseUrl])) problems.push(`${baseUrl}: must be https`)
  }
  return problems
}

export type PaymentAccounts = {
  readonly [Name in ProviderName]: ReturnType<Sources[Name]['own']> | undefined
}

/**
 * The accounts that receive payments; undefined for a provider without one. In a demo, the sandbox takes the place of
 * an account that is not set up.
 * @param publicUrl the base URL at which providers reach the API
 */
export function paymentAccounts(
  given: PaymentVariables,
  publicUrl: string,
  demo: { readonly secrets: PaymentSecrets; readonly sandboxUrl: string | undefined } | undefined,
): PaymentAccounts {
  const accounts = NAMES.map((name) => {
    const source = sourceOf(name)
    const notifyUrl = `${publicUrl}/api/webhooks/payments/${name}`
    if (isGiven(given, name)) return [name, source.own(given, notifyUrl, demo?.sandboxUrl)]
    const baseUrl = (given as Readonly<Record<string, unknown>>)[source.baseUrl] as string | undefined
    const url = demo?.sandboxUrl ?? baseUrl
    return [name, demo && url ? source.demo(given, notifyUrl, { secrets: demo.secrets, url }) : undefined]
  })
  return Object.fromEntries(accounts) as PaymentAccounts
}

export type SandboxAccounts = {
  readonly [Name in ProviderName]: ReturnType<Sources[Name]['side']> | undefined
}

/** The provider's half of each account, for the sandbox. */
export function sandboxAccounts(
  accounts: PaymentAccounts,
  given: PaymentVariables,
  secrets: PaymentSecrets,
): SandboxAccounts {
  const sides = NAMES.map((name) => {
    const account = accounts[name]
    return [name, account && sourceOf(name).side(account, given, secrets)]
  })
  return Object.fromEntries(sides) as SandboxAccounts
}

/**
 * The payment methods that the shop offers: those it names, or all that have an account.
 * @throws ConfigError
 */
export function supportedMethods(
  given: {
    readonly POINTS_MALL_SUPPORTED_METHODS?: Method[] | undefined
    readonly POINTS_MALL_DEFAULT_METHOD: Method
  },
  accounts: PaymentAccounts,
): Method[] {
  const canPay = (name: Method) =>
    name === 'wallet' || accounts[PROVIDER_METHODS[name].provider] !== undefined
  const supported = given.POINTS_MALL_SUPPORTED_METHODS ?? METHODS.filter(canPay)
  const problems = supported
    .filter((name) => !canPay(name))
    .map((name) => `POINTS_MALL_SUPPORTED_METHODS: no provider is set up for ${name}`)
  if (!supported.includes(given.POINTS_MALL_DEFAULT_METHOD)) {
    problems.push('POINTS_MALL_DEFAULT_METHOD: must be one of POINTS_MALL_SUPPORTED_METHODS')
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return supported
}
