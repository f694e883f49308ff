import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { acquireLock } from './lock.ts'

/** The message names the port and the variable that changes it. */
export class PortError extends Error {
  override name = 'PortError'
}

const LOOPBACK = '127.0.0.1'
const NEXT_PORTS = 500

export interface Ports {
  readonly sandbox: number
  readonly temporal: number
  readonly temporalUi: number
  readonly postgres: number
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

export const VARIABLES = {
  sandbox: 'SANDBOX_PORT',
  temporal: 'TEMPORAL_PORT',
  temporalUi: 'TEMPORAL_UI_PORT',
  postgres: 'POSTGRES_PORT',
} as const

/** Linux assigns outgoing ports from 32768: a client that retries a closed port there can connect to itself. */
export const USUAL: Ports = { sandbox: 3400, temporal: 7233, temporalUi: 8233, postgres: 15432 }

/** Claims each port until this process ends. @throws PortError if the API's port or a fixed one is in use */
export async function choosePorts(
  dataDir: string,
  fixed: { readonly [Name in keyof Ports]: number | undefined },
  needed: readonly (keyof Ports)[],
  api: { readonly port: number; readonly host: string },
  shared: string,
): Promise<Ports> {
  const claims = join(shared, 'ports')
  await take(api.port, api.host, 'PORT', claims)
  const last = readPorts(dataDir)
  const ports = { ...USUAL, ...last }
  // Fixed ports first, so that no other service takes them.
  for (const name of needed) {
    const wanted = fixed[name]
    if (wanted === undefined) continue
    await take(wanted, LOOPBACK, VARIABLES[name], claims)
    ports[name] = wanted
  }
  for (const name of needed) {
    if (fixed[name] !== undefined) continue
    const next = Array.from({ length: NEXT_PORTS }, (_, n) => USUAL[name] + n)
    ports[name] = await firstFree([last[name] ?? USUAL[name], ...next], VARIABLES[name], claims)
  }
  writeFileSync(portsFile(dataDir), `${JSON.stringify(ports)}\n`)
  return ports
}

/**
 * A free address of this machine that nobody can guess: on Linux one of the 16 million of 127.0.0.0/8, elsewhere
 * 127.0.0.1. The port is below those of outgoing connections.
 */
export async function hiddenEndpoint(): Promise<Endpoint> {
  for (let tried = 0; tried < NEXT_PORTS; tried += 1) {
    const bytes = [randomInt(1, 255), randomInt(0, 256), randomInt(1, 255)]
    const host = process.platform === 'linux' ? `127.${bytes.join('.')}` : LOOPBACK
    const port = randomInt(20_000, 32_000)
    if ((await problemOf(port, host)) === undefined) return { host, port }
  }
  throw new PortError(
    'no free port found for the Temporal Web UI: set TEMPORAL_ADDRESS to a server that runs',
  )
}

export async function requireFree(port: number, host: string, variable: string): Promise<void> {
  const problem = await problemOf(port, host)
  if (problem !== undefined) throw new PortError(`${problem}, or set ${variable} to another port`)
}

export function readPorts(dataDir: string): Partial<Ports> {
  const file = portsFile(dataDir)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {}
}

function portsFile(dataDir: string): string {
  return join(dataDir, 'ports.json')
}

async function firstFree(candidates: readonly number[], variable: string, claims: string): Promise<number> {
  for (const port of candidates) {
    if ((await problemOf(port, LOOPBACK)) === undefined && claim(port, claims)) return port
  }
  throw new PortError(`no free port found: set ${variable}`)
}

async function take(port: number, host: string, variable: string, claims: string): Promise<void> {
  await requireFree(port, host, variable)
  if (claim(port, claims)) return
  throw new PortError(`port ${port} is reserved by another part or start: set ${variable} to another port`)
}

/** Keeps other starts of this user from choosing the same port before it is bound. */
function claim(port: number, claims: string): boolean {
  try {
    mkdirSync(claims, { recursive: true })
    return acquireLock(join(claims, String(port))) !== undefined
  } catch {
    return true
  }
}

function problemOf(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (code === 'EADDRINUSE') resolve(`port ${port} is in use: stop what listens there`)
      else resolve(`port ${port} cannot be used (${code ?? message})`)
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
