/**
 * Charges an account. Every call carries our number, and one number is charged at most once. `SupplierRefusalError` is a
 * final refusal; after any other error the outcome is unknown, and only `find` tells it.
 */
export interface Supplier {
  /** Repeatable under the same number. */
  charge(order: ChargeOrder): Promise<SupplierCharge>
  /** @returns undefined where the supplier has no charge of this number; it may still arrive */
  find(chargeNo: string): Promise<SupplierCharge | undefined>
}

export interface ChargeOrder {
  /** Ours, the same in every call. */
  readonly chargeNo: string
  /** The article's number at the supplier. */
  readonly item: string
  readonly quantity: number
  /** A mainland mobile number. */
  readonly account: string
}

export interface SupplierCharge {
  readonly state: 'processing' | 'succeeded' | 'failed'
  /** The supplier's own number. */
  readonly ref: string
  /** Why it failed: a code. */
  readonly reason?: string | undefined
}

/** The supplier did not take the order, and never will under this number. */
export class SupplierRefusalError extends Error {
  override name = 'SupplierRefusalError'
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}
