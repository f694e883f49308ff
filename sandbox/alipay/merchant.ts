/** Who the shop is at the sandbox's Alipay, and who Alipay is. */
export interface AlipayMerchant {
  readonly appId: string
  readonly sellerId: string
  /** The merchant's public key, PEM. */
  readonly merchantPublicKey: string
  /** The provider's own key, PEM. */
  readonly privateKey: string
}
