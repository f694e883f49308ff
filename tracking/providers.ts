import { createKdniao, type KdniaoAccount } from './kdniao.ts'
import { createKuaidi100, type Kuaidi100Account } from './kuaidi100.ts'
import type { TrackingProvider } from './port.ts'

export interface TrackingAccounts {
  readonly kuaidi100: Kuaidi100Account | undefined
  readonly kdniao: KdniaoAccount | undefined
}

/** Those that have an account. The first that knows a carrier is asked. */
export function createTracking({ kuaidi100, kdniao }: TrackingAccounts): TrackingProvider[] {
  return [...(kuaidi100 ? [createKuaidi100(kuaidi100)] : []), ...(kdniao ? [createKdniao(kdniao)] : [])]
}
