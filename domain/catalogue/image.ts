/** Which addresses a product's picture may have: those that the pages show. */

const PICTURE_FILE = /\.(avif|gif|jpe?g|png|svg|webp)$/i
const OURS = 'http://mall.invalid'

/**
 * A path of a picture at the mall's own host, or an `https` address at a listed host.
 * @param hosts with the port, unless it is 443
 * @returns the address in its normal form, or undefined
 */
export function imageAddress(given: string, hosts: readonly string[]): string | undefined {
  const isPath = given.startsWith('/')
  const url = URL.parse(given, isPath ? OURS : undefined)
  if (!url) return undefined
  if (url.username !== '' || url.password !== '') return undefined
  if (!isPath) return url.protocol === 'https:' && hosts.includes(url.host) ? url.href : undefined
  const plain = url.origin === OURS && url.search === '' && url.hash === ''
  return plain && PICTURE_FILE.test(url.pathname) ? url.pathname : undefined
}
