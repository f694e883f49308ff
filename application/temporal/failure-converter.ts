import { DefaultFailureConverter } from '@temporalio/common'

/** Client, worker and workflow bundle load it by path; see application/temporal/payload-codec.ts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true })
