import { DefaultFailureConverter } from '@temporalio/common'

/** Loaded by path, by the client, the worker and the workflow bundle: see application/temporal/payload-codec.ts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
