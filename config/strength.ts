/** A host name without a dot is on the same network, such as another container. */
export function needsTls(given: string | undefined): boolean {
  const { protocol, hostname = '' } = URL.parse(given ?? '') ?? {}
  return protocol === 'http:' && /[.:]/.test(hostname)
}
