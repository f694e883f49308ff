import { createRequire } from 'node:module'
import type { WorkflowHandle } from '@temporalio/client'
import type { Payload } from '@temporalio/common'
import { createPayloadCodec } from '../../application/temporal/payload-codec.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'

type History = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>>

/**
 * `historyToJSON` of the SDK mixes two copies of protobufjs, and fails, unless npm installs them together.
 * These come from the same copy.
 */
const sdk = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'))
const { fromJson, toJson } = createRequire(sdk.resolve('@temporalio/proto'))('protobufjs/ext/protojson')
const { patchProtobufRoot } = sdk('@temporalio/proto/lib/patch-protobuf-root')
const historyType = patchProtobufRoot(sdk('@temporalio/proto')).lookupType('temporal.api.history.v1.History')

interface Name {
  name: string
}

/** A history in Temporal's JSON, as far as tests read it. */
export interface PlainHistory {
  readonly events: readonly {
    readonly eventType: string
    readonly activityTaskScheduledEventAttributes?: { readonly activityType: Name }
    readonly workflowExecutionSignaledEventAttributes?: { readonly signalName: string }
    readonly workflowExecutionUpdateAcceptedEventAttributes?: {
      readonly acceptedRequest: { readonly input: Name }
    }
    readonly markerRecordedEventAttributes?: {
      readonly details?: { readonly data?: { readonly payloads?: { data: string }[] } }
    }
  }[]
}

/** Decrypts payloads, and removes what identifies a machine: process, host, path, stack. */
export async function toPlainHistory(history: History, sealer: Encryptor): Promise<PlainHistory> {
  const codec = createPayloadCodec(sealer)
  const opened = (await openAll(history, (payloads) => codec.decode(payloads))) as History
  const json = JSON.stringify(toJson(historyType, historyType.fromObject(opened)))
  const scrubbed = JSON.parse(json, (key, value) => {
    if (key === 'identity') return 'a worker'
    if (key === 'stackTrace') return ''
    if (key === 'taskQueue' && value.kind === 'TASK_QUEUE_KIND_STICKY') return { ...value, name: 'sticky' }
    if (key === 'encodedAttributes') return { ...value, data: withoutStack(value.data) }
    return value
  })
  return scrubbed as PlainHistory
}

/** Converts it to what a replay accepts. */
export function fromPlainHistory(history: PlainHistory): History {
  return fromJson(historyType, history) as History
}

function withoutStack(data: string): string {
  const attributes = JSON.parse(Buffer.from(data, 'base64').toString())
  return Buffer.from(JSON.stringify({ ...attributes, stack_trace: '' })).toString('base64')
}

async function openAll(
  value: unknown,
  decode: (payloads: Payload[]) => Promise<Payload[]>,
): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => openAll(item, decode)))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (isPayload(value)) return (await decode([value]))[0]
  // In place: these are protobuf objects, whose prototype matters.
  for (const [name, child] of Object.entries(value)) {
    ;(value as Record<string, unknown>)[name] = await openAll(child, decode)
  }
  return value
}

function isPayload(value: object): value is Payload {
  const { metadata, data } = value as Payload
  return metadata?.encoding instanceof Uint8Array && data instanceof Uint8Array
}
