import { DefaultFailureConverter } from '@temporalio/common'

/** Loaded by path by client, worker and workflow bundle; see application/temporal/payload-codec.ts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
