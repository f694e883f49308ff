import { createServer } from 'node:net'

/** A port that is free at this moment. */
export function freePort(): Promise<number> {
  return portOf(0)
}

/**
 * A free port below the range of outgoing connections (32768 and up on Linux), so that none takes it before
 * it is used.
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
