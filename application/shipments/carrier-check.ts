import { DomainError } from '../../domain/errors.ts'
import { carrierOf, suspectedCarrier } from '../../domain/shipments/carriers.ts'

/**
 * A number that looks like another carrier's has to be confirmed.
 * @throws DomainError CARRIER_MISMATCH with the codes of both carriers
 */
export function mustFitCarrier(carrier: string, trackingNo: string, isConfirmed: boolean): void {
  if (isConfirmed) return
  const available = carrierOf(carrier)
  const required = suspectedCarrier(available, trackingNo)
  if (required) throw new DomainError({ code: 'CARRIER_MISMATCH', required, available })
}
