export interface AlipayMerchant {
  readonly appId: string
  readonly sellerId: string
  /** PEM. */
  readonly merchantPublicKey: string
  /** PEM; the provider's. */
  readonly privateKey: string
}
