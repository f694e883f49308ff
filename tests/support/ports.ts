import { createServer } from 'node:net'

/** A port that nothing listens on at this moment. */
export function freePort(): Promise<number> {
  return portOf(0)
}

/**
 * The same for what is to listen there: below the numbers that the system gives to outgoing connections (32768 and
 * up on Linux), one of which could take the port in between.
 */
export async function freeLowPort(): Promise<number> {
  for (;;) {
    const wanted = 20_000 + Math.floor(Math.random() * 12_000)
    const free = await portOf(wanted).catch(() => undefined)
    if (free !== undefined) return free
  }
}

function portOf(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
