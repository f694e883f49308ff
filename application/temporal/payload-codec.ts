import { fileURLToPath } from 'node:url'
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common'
import { type Encryptor, keyIdOf } from '../../db/platform/encryption.ts'

const ENCODING = 'binary/points-mall-sealed'
const CONTEXT = 'payload'

/** Part of the workflow bundle, so that failure messages and stacks become payloads, too. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(new URL('./failure-converter.ts', import.meta.url))

/** Temporal sees only workflow ids, activity names and search attributes. */
export function sealedPayloads(sealer: Encryptor): DataConverter {
  return { payloadCodecs: [createPayloadCodec(sealer)], failureConverterPath: FAILURE_CONVERTER_PATH }
}

/** Unencrypted payloads pass through, so that older histories stay readable. */
export function createPayloadCodec(sealer: Encryptor): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => seal(sealer, payload)),
    decode: async (payloads) => payloads.map((payload) => open(sealer, payload)),
  }
}

interface Plain {
  readonly metadata: Record<string, string>
  readonly data: string | null
}

function seal(sealer: Encryptor, { metadata, data }: Payload): Payload {
  const plain: Plain = {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    ),
    data: data ? Buffer.from(data).toString('base64') : null,
  }
  return { metadata: { encoding: Buffer.from(ENCODING) }, data: sealer.seal(plain, CONTEXT) }
}

/** @returns the id of the key that encrypted it; undefined: it is not encrypted */
export function keyOfPayload({ metadata, data }: Payload): string | undefined {
  const encoding = metadata?.encoding
  return encoding && data && Buffer.from(encoding).toString() === ENCODING ? keyIdOf(data) : undefined
}

function open(sealer: Encryptor, payload: Payload): Payload {
  if (!payload.data || keyOfPayload(payload) === undefined) return payload
  const plain = sealer.open(Buffer.from(payload.data), CONTEXT) as Plain
  return {
    metadata: Object.fromEntries(
      Object.entries(plain.metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
    ),
    data: plain.data === null ? null : Buffer.from(plain.data, 'base64'),
  }
}
