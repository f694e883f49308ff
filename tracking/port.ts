import type { Carrier } from '../domain/shipments/carriers.ts'
import type {
  SubscriptionEnd,
  SubscriptionOutcome,
  Tracked,
  TrackingProviderName,
} from '../domain/shipments/tracking.ts'

/** A service that knows where parcels of many carriers are. */
export interface TrackingProvider {
  /** Its part of the address of its pushes: `/api/webhooks/tracking/{name}`. */
  readonly name: TrackingProviderName
  /** Whether it knows this carrier. */
  knows(carrier: Carrier): boolean
  /**
   * @param phoneTail last four digits of the recipient's phone; SF demands them
   * @throws TrackingRefusalError with its code; any other error: nothing is known
   */
  track(carrier: Carrier, trackingNo: string, phoneTail: string | undefined): Promise<Tracked>
  /**
   * Asks it to push what it learns of a parcel. Never throws.
   * @param id of the subscription, which its pushes name where the service can
   */
  subscribe(
    carrier: Carrier,
    trackingNo: string,
    phoneTail: string | undefined,
    id: string,
  ): Promise<SubscribeResult>
  /** Never throws. @param form the fields of the push as received */
  verifyPush(form: URLSearchParams): VerifiedPush
  /** What the provider wants to read when a push is kept. */
  received(now: Date): object
}

export interface PushedParcel {
  readonly trackingNo: string
  readonly tracked: Tracked
  /** The service follows it no more. */
  readonly ended?: SubscriptionEnd | undefined
  /** It follows the number at another carrier, and has found that this is the right one. */
  readonly correction?: { readonly from: Carrier; readonly to: Carrier } | undefined
}

export interface SubscribeResult {
  readonly outcome: SubscriptionOutcome
  /** Of a refusal: the service's own. */
  readonly code: string | null
  /** A refusal that the same call would meet again. */
  readonly isLasting: boolean
}

export type VerifiedPush =
  | { readonly ok: true; readonly parcels: readonly PushedParcel[] }
  | { readonly ok: false; readonly fault: 'bad_signature' | 'malformed' }

/** The message is the provider's, the number is not in it. */
export class TrackingRefusalError extends Error {
  override name = 'TrackingRefusalError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
