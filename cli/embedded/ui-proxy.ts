import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'

/** Of one connection only (RFC 9110, 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/**
 * Passes requests on to the Temporal Web UI, which itself answers every Host: those for other hosts than the mall's get
 * 421, as from the mall (`knownHost` in `api/middleware/known-host.ts`).
 * @param target address of the Web UI @param isKnown judges a host name as a URL writes it
 */
export function createUiProxy(target: URL, isKnown: (hostname: string) => boolean): Server {
  return createServer((asked, answer) => {
    const refuse = (status: number, text: string) => {
      asked.resume()
      answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
    }
    if (!isKnown(hostnameOf(asked.headers.host))) return refuse(421, 'This host is not one of the mall.')
    const { method, url: path } = asked
    const headers = passedOn(asked.headers)
    const sent = request({ host: target.hostname, port: target.port, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, passedOn(given.headers))
      given.pipe(answer)
      given.once('error', () => answer.destroy())
    })
    sent.once('error', () => {
      if (answer.headersSent) answer.destroy()
      else refuse(502, 'The Temporal Web UI does not answer.')
    })
    answer.once('close', () => sent.destroy())
    asked.pipe(sent)
  })
}

/** @returns empty for what is no host, which no installation has */
function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name) && !named.includes(name)),
  )
}
