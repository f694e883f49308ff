import type { z } from 'zod'

type Makers = Readonly<Record<string, () => string>>
/** The generated value of each secret. */
export type Made<M extends Makers> = { readonly [Name in keyof M]: string }

/** The sandbox provider of a demo. */
interface DemoSandbox<M extends Makers> {
  readonly secrets: Made<M>
  readonly url: string
}

/** Where the account at a payment provider comes from: the environment, or in a demo the sandbox. */
export interface AccountSource<Shape extends z.ZodRawShape, M extends Makers, Account, Side> {
  /** Every variable of the provider. */
  readonly variables: Shape
  /** The variables without which there is no account. */
  readonly needed: readonly (keyof Shape & string)[]
  readonly baseUrl: keyof Shape & string
  /** Further reasons why the variables cannot be used. @param isGiven whether there is an account of one's own */
  readonly problems?: (given: Readonly<Record<string, string | undefined>>, isGiven: boolean) => string[]
  /** How to generate each secret of a demo and of its sandbox. */
  readonly secrets: M
  /** The account that the environment gives. @param sandboxUrl takes the place of the provider in a demo */
  readonly own: (
    given: z.output<z.ZodObject<Shape>>,
    notifyUrl: string,
    sandboxUrl: string | undefined,
  ) => Account
  readonly demo: (given: z.output<z.ZodObject<Shape>>, notifyUrl: string, sandbox: DemoSandbox<M>) => Account
  /** The provider's half, for the sandbox: what it verifies requests with and signs answers with. */
  readonly side: (account: Account, given: z.output<z.ZodObject<Shape>>, secrets: Made<M>) => Side
}

/** Infers the types of a source from its parts. */
export const accountSource = <Shape extends z.ZodRawShape, M extends Makers, Account, Side>(
  source: AccountSource<Shape, M, Account, Side>,
) => source
