import { DomainError } from './errors.ts'

/** Versions that a change was made from; undefined: whatever is there, so that the last write wins. */
export type KnownVersions = readonly string[] | undefined

/** Call it under the lock of what is changed. @throws DomainError STALE if it has changed since */
export function mustBeCurrent(version: string, known: KnownVersions): void {
  if (known !== undefined && !known.includes(version)) throw new DomainError({ code: 'STALE' })
}
