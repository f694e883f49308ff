import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Which addresses on the network events may be sent to. */

const PRIVATE_V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const

/** Global unicast; everything else is private, mapped or embeds an IPv4 address. */
const PUBLIC_V6 = ['2000::', 3] as const
/** In it: Teredo and other protocols, documentation, 6to4. */
const PRIVATE_V6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const v4 = new BlockList()
for (const [net, bits] of PRIVATE_V4) v4.addSubnet(net, bits, 'ipv4')
const global6 = new BlockList()
global6.addSubnet(...PUBLIC_V6, 'ipv6')
const v6 = new BlockList()
for (const [net, bits] of PRIVATE_V6) v6.addSubnet(net, bits, 'ipv6')

export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !v4.check(address, 'ipv4')
    case 6:
      return global6.check(address, 'ipv6') && !v6.check(address, 'ipv6')
    default:
      return false
  }
}

/** The connection would go to an address that is not public. */
export class PrivateAddressError extends Error {
  override name = 'PrivateAddressError'
}

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family?: number },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void

const resolveBySystem: Resolve = (hostname, options, done) => systemLookup(hostname, options, done)

/** The host of a URL, without the brackets of IPv6. */
export const hostOf = ({ hostname }: URL): string =>
  hostname.startsWith('[') ? hostname.slice(1, -1) : hostname

/**
 * Resolves a name for the connection itself, so that no second answer of the DNS can follow the check. Refuses a name with
 * any address that is not public.
 */
export function publicLookup(resolve: Resolve = resolveBySystem): LookupFunction {
  return (hostname, options, done) => {
    const family = typeof options.family === 'number' ? options.family : 0
    resolve(hostname, { all: true, family }, (error, found) => {
      const [first] = found ?? []
      if (error) return done(error, '', 0)
      if (!first || !found.every(({ address }) => isPublicAddress(address))) {
        return done(new PrivateAddressError(hostname), '', 0)
      }
      if (options.all) return done(null, found)
      done(null, first.address, first.family)
    })
  }
}

/** How long a registration waits for the DNS (ms). */
const RESOLVE_MS = 3_000

/** @returns whether the host is, or resolves to, an address that is not public; a name that does not resolve is none */
export async function isPrivateHost(host: string, resolve: Resolve = resolveBySystem): Promise<boolean> {
  if (isIP(host)) return !isPublicAddress(host)
  // Names of this machine and of local networks, whatever the DNS says of them.
  if (!host.includes('.') || /(^|\.)(localhost|local|internal|home\.arpa)\.?$/.test(host)) return true
  const found = await new Promise<LookupAddress[]>((done) => {
    const timer = setTimeout(() => done([]), RESOLVE_MS)
    resolve(host, { all: true }, (error, addresses) => {
      clearTimeout(timer)
      done(error ? [] : addresses)
    })
  })
  return found.some(({ address }) => !isPublicAddress(address))
}
