import { networkInterfaces } from 'node:os'

/** The names and addresses at which this machine is reached. */

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const WILDCARDS = ['0.0.0.0', '::']
/** Of containers, virtual machines and tunnels: a phone does not reach them. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|utun|tun|tap|wg|tailscale|cni|flannel|podman)/
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/

/** Names that resolve to this machine only. */
export const isLoopback = (host: string) => host === '::1' || LOOPBACK.includes(host)

/** The host part of a URL for a listening address. */
function urlHost(host: string): string {
  if (host === 'localhost') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** The host part of a URL by which this machine reaches what listens there. */
export const localHost = (host: string) =>
  urlHost(host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)

/** The host part of a URL by which others reach it: of every address, the one in the local network. */
export const sharedHost = (host: string) =>
  WILDCARDS.includes(host) ? (lanAddress() ?? localHost(host)) : urlHost(host)

function lanAddress(): string | undefined {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => ({
        address,
        rank: (VIRTUAL.test(name) ? 2 : 0) + (PRIVATE.test(address) ? 0 : 1),
      })),
  )
  return found.toSorted((a, b) => a.rank - b.rank)[0]?.address
}

/** @returns whether a host name, as a URL writes it, means this installation */
export function knownHosts(host: string, publicUrl: string, further: readonly string[]) {
  const names = new Set([...LOOPBACK, urlHost(host), new URL(publicUrl).hostname, ...further])
  const isWildcard = WILDCARDS.includes(host)
  // Addresses may change while the process runs.
  return (name: string) => names.has(name) || (isWildcard && machineAddresses().includes(name))
}

const machineAddresses = () =>
  Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => urlHost(address)),
  )
