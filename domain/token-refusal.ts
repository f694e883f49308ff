/** Why a token or a sign-in link is not accepted. `i18n/token-refusal-texts.ts` has the texts. */
export const TOKEN_REFUSALS = [
  'malformed',
  /** No key is set up for the algorithm. */
  'algorithm',
  /** The key set has no such key. */
  'key',
  'signature',
  'expired',
  /** `nbf` or `iat` is ahead of the clock. */
  'not_yet_valid',
  'issuer',
  'audience',
  /** A claim is missing or wrong. */
  'claim',
] as const

export interface TokenRefusal {
  readonly code: (typeof TOKEN_REFUSALS)[number]
  /** With `claim`: its name. */
  readonly claim?: string
}
