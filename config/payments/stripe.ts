import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { url } from '../formats.ts'
import { accountSource } from './source.ts'

export const stripe = accountSource({
  variables: {
    STRIPE_SECRET_KEY: z.string().min(8).optional(),
    STRIPE_WEBHOOK_SECRET: z.string().min(8).optional(),
    STRIPE_BASE_URL: url.optional(),
  },
  needed: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  baseUrl: 'STRIPE_BASE_URL',
  secrets: {
    stripeSecretKey: () => `sk_test_${randomBytes(18).toString('base64url')}`,
    stripeWebhookSecret: () => `whsec_${randomBytes(24).toString('base64')}`,
  },
  own: (given, _notifyUrl, sandboxUrl) => ({
    baseUrl: given.STRIPE_BASE_URL ?? sandboxUrl ?? 'https://api.stripe.com',
    secretKey: given.STRIPE_SECRET_KEY as string,
    webhookSecret: given.STRIPE_WEBHOOK_SECRET as string,
  }),
  demo: (given, _notifyUrl, { secrets, url: sandboxUrl }) => ({
    baseUrl: given.STRIPE_BASE_URL ?? sandboxUrl,
    secretKey: secrets.stripeSecretKey,
    webhookSecret: secrets.stripeWebhookSecret,
  }),
  side: ({ secretKey, webhookSecret }) => ({ secretKey, webhookSecret }),
})
