/** What of the shop's product could not be taken over. */
export const EXTERNAL_PROBLEMS = [
  'unreadable',
  'title_unusable',
  'image_refused',
  /** The shop's price is below the cash price here: it cannot be shown as the usual price. */
  'price_below',
  /** It has several SKUs, or codes: its stock is not the shop's. */
  'stock_not_taken',
] as const

export type ExternalProblem = (typeof EXTERNAL_PROBLEMS)[number]

/**
 * The stock after the shop has changed how many pieces it gives. What it takes back is taken from the stock; pieces that
 * were redeemed before are short.
 * @param before null: it is the first time, and the stock becomes what the shop gives
 */
export function allotment(
  { stock, short }: { readonly stock: number; readonly short: number },
  before: number | null,
  now: number,
): { readonly stock: number; readonly short: number } {
  const rest = before === null ? now : stock - short + now - before
  return { stock: Math.max(0, rest), short: Math.max(0, -rest) }
}
