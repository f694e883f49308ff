import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isByFile, VARIABLES } from '../../config/env.ts'
import { readConfig } from '../../config/index.ts'

/** What can be checked without a container engine. */

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly restart: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly environment?: Readonly<Record<string, string | null>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const load = (text: string) => parse(text, { merge: true }) as { services: Record<string, Service> }
const text = read('docker-compose.yml')
const compose = load(text)
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image.startsWith('points-mall:'))

/** Set by the image, or only for the parts that `npm start` embeds. */
const ELSEWHERE = ['NODE_ENV', 'TEMPORAL_CLI_PATH', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'POSTGRES_PORT']
const ONLY_API = ['HOST', 'PORT', 'TRUSTED_PROXIES', 'CORS_ORIGINS', 'DEMO', 'DATA_DIR']

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})
function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'))
  folders.push(folder)
  return folder
}

/** What `deploy/make-env.sh` writes. */
function madeEnvironment(...args: string[]): Record<string, string> {
  const cwd = freshFolder()
  execFileSync('sh', [join(ROOT, 'deploy/make-env.sh'), ...args], { cwd, stdio: 'ignore' })
  return parseEnv(readFileSync(join(cwd, '.env'), 'utf8')) as Record<string, string>
}

/** `${NAME:-default}` and `${NAME:?message}`, as the Compose Specification defines interpolation. */
function interpolate(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{(\w+)(:[-?])([^}]*)\}/g, (_all, name: string, operator: string, rest: string) => {
    if (env[name]) return env[name]
    if (operator === ':?') throw new Error(`${name}: ${rest}`)
    return rest
  })
}

describe('docker-compose.yml', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false })
  const { $schema: _dialect, ...schema } = JSON.parse(
    read('node_modules/dclint/schemas/compose.schema.json'),
  ) as Record<string, unknown>
  const isValid = ajv.compile(schema)

  it('conforms to the JSON Schema of the Compose Specification', () => {
    expect(isValid(compose), ajv.errorsText(isValid.errors)).toBe(true)
    expect(isValid(load(text.replace('healthcheck:', 'healthchek:'))), 'the schema refuses nothing').toBe(
      false,
    )
  })

  it('pins every image, and uses none that is discontinued', () => {
    // Ours is built from this folder; package.json has its version.
    const theirs = services.filter(([, { image }]) => image !== 'points-mall:local')
    for (const [name, { image }] of theirs) expect(image, name).toMatch(/^[\w./-]+:\d+\.\d+(\.\d+)?[\w.-]*$/)
    expect(text).not.toContain('auto-setup')
    const versions = ['temporal', 'temporal-schema', 'temporal-namespace'].map(
      (name) => /:(\d+\.\d+\.\d+)/.exec(compose.services[name]?.image ?? '')?.[1],
    )
    expect(new Set(versions).size, versions.join(' ')).toBe(1)
  })

  it('contains no secret', () => {
    let secrets = 0
    for (const [service, { environment }] of services) {
      for (const [name, value] of Object.entries(environment ?? {})) {
        if (!/PASSWORD|PWD|SECRET|KEYS?$|TOKEN/.test(name)) continue
        secrets += 1
        expect(value, `${service} ${name}`).toMatch(/^\$\{[A-Z0-9_]+:(\?.+|-)\}$/)
      }
    }
    expect(secrets).toBeGreaterThan(10)
    const inUrls = text.match(/:\/\/\w+:[^@\n]+@/g) ?? []
    expect(inUrls.length).toBeGreaterThan(0)
    for (const found of inUrls) expect(found).toMatch(/^:\/\/\w+:\$\{[A-Z_]+:\?[^}]+\}@$/)
  })

  it('checks the health of services, and waits for jobs to end', () => {
    const awaited = new Set(
      services.flatMap(([, { depends_on }]) =>
        Object.entries(depends_on ?? {}).map(([name, { condition }]) => `${name} ${condition}`),
      ),
    )
    for (const [name, { restart, healthcheck }] of services) {
      if (restart === 'unless-stopped') {
        expect(healthcheck?.test.length, name).toBeGreaterThan(1)
        expect(awaited, name).not.toContain(`${name} service_completed_successfully`)
      } else {
        expect(restart, name).toMatch(/^on-failure:\d$/)
        expect(healthcheck, name).toBeUndefined()
        expect(awaited, name).not.toContain(`${name} service_healthy`)
        if (name !== 'seed') expect(awaited).toContain(`${name} service_completed_successfully`)
      }
    }
    for (const name of awaited) expect(Object.keys(compose.services)).toContain(name.split(' ')[0])
  })

  it('publishes API, Web UI and sandbox cashier, by default to this machine only', () => {
    const published = services.flatMap(([name, { ports }]) =>
      (ports ?? []).map((port) => [name, port] as const),
    )
    expect(published.map(([name]) => name)).toEqual(['temporal-ui', 'api', 'sandbox'])
    for (const [name, port] of published)
      expect(interpolate(port, {}), name).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    expect(published.filter(([, port]) => !port.startsWith('127.')).map(([name]) => name)).toEqual(['api'])
  })

  it('names only files and variables that exist', () => {
    const isKnown = (name: string) => name in VARIABLES || isByFile(name.replace(/_FILE$/, ''))
    for (const [name, { command, healthcheck, environment, volumes }] of services) {
      for (const volume of volumes ?? []) {
        if (volume.startsWith('./'))
          expect(existsSync(join(ROOT, volume.split(':')[0] ?? '')), volume).toBe(true)
      }
      if (!ours.some(([our]) => our === name)) continue
      const files = [...(command ?? []), ...(healthcheck?.test ?? [])].filter((word) => word.endsWith('.ts'))
      expect(files.length, name).toBeGreaterThan(0)
      for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true)
      const names = Object.keys(environment ?? {})
      expect(names.filter((variable) => !isKnown(variable))).toEqual([])
    }
  })

  it('sets every variable of the configuration, for each part that reads it', () => {
    const set = (name: string) => Object.keys(compose.services[name]?.environment ?? {})
    const all = new Set(ours.flatMap(([name]) => set(name)))
    const missing = Object.keys(VARIABLES).filter((name) => !all.has(name) && !ELSEWHERE.includes(name))
    expect(missing).toEqual([])
    expect(ELSEWHERE.filter((name) => all.has(name) || !(name in VARIABLES))).toEqual([])
    const [api, worker] = [set('api'), set('worker')]
    expect(api.filter((name) => !worker.includes(name))).toEqual(ONLY_API)
    expect(worker.filter((name) => !api.includes(name))).toEqual(['TEMPORAL_MAX_CACHED_WORKFLOWS'])
  })

  it('gives secrets as files, if docker-compose.secrets.yml is added', () => {
    const extra = parse(read('docker-compose.secrets.yml'), { merge: true }) as {
      services: Record<string, Service & { secrets: string[] }>
      secrets: Record<string, { file: string }>
    }
    expect(isValid(extra), ajv.errorsText(isValid.errors)).toBe(true)
    expect(Object.keys(extra.services).toSorted()).toEqual(ours.map(([name]) => name).toSorted())
    const cwd = freshFolder()
    const run = (script: string) => execFileSync('sh', [join(ROOT, script)], { cwd, stdio: 'pipe' })
    expect(() => run('deploy/make-secrets.sh')).toThrow(/make-env/)
    run('deploy/make-env.sh')
    const before = parseEnv(readFileSync(join(cwd, '.env'), 'utf8')) as Record<string, string>
    run('deploy/make-secrets.sh')
    const after = parseEnv(readFileSync(join(cwd, '.env'), 'utf8')) as Record<string, string>
    for (const [service, { environment, secrets }] of Object.entries(extra.services)) {
      const merged = { ...compose.services[service]?.environment, ...environment }
      const env = Object.fromEntries(
        Object.entries(merged).map(([name, value]) => {
          // Where the engine mounts it.
          const secret = /^\/run\/secrets\/(\w+)$/.exec(value ?? '')?.[1]
          if (secret === undefined) return [name, interpolate(value ?? '', after)]
          expect(secrets).toContain(secret)
          return [name, join(cwd, extra.secrets[secret]?.file ?? '')]
        }),
      )
      for (const secret of secrets) {
        expect(isByFile(secret), secret).toBe(true)
        expect(after[secret]).toBeUndefined()
        expect(Object.values(env)).not.toContain(before[secret])
      }
      const config = readConfig({ ...env, NODE_ENV: 'production', DATA_DIR: freshFolder(), DEMO: '' })
      expect([config.auth.secret, config.ordersWebhookSecret]).toEqual([
        before.AUTH_JWT_SECRET,
        before.ORDERS_WEBHOOK_SECRET,
      ])
      expect(config.ledgerKeys.map(({ id }) => id)).toEqual(['l1'])
    }
    const file = join(cwd, 'url')
    writeFileSync(file, 'postgres://mall:secret@db.example/mall\n')
    const config = readConfig({ DATABASE_URL_FILE: file, DATA_DIR: freshFolder() })
    expect(config.database.url).toBe('postgres://mall:secret@db.example/mall')
    rmSync(join(cwd, 'secrets/LEDGER_KEYS'))
    const without = { LEDGER_KEYS_FILE: join(cwd, 'secrets/LEDGER_KEYS') }
    expect(() => readConfig(without)).toThrow(/LEDGER_KEYS_FILE.*cannot be read/)
  })

  it('refuses to start without its secrets', () => {
    for (const [name, { environment }] of ours) {
      const all = Object.values(environment ?? {}).join('\n')
      expect(() => interpolate(all, {}), name).toThrow(/_PASSWORD: run deploy\/make-env\.sh/)
    }
  })

  it.each([
    ['for customers', [], false],
    ['for a demo', ['demo'], true],
  ])('starts %s with a configuration from deploy/make-env.sh that every part accepts', (_for, args, demo) => {
    const made = madeEnvironment(...args)
    for (const [name, { environment }] of ours) {
      if (!demo && ['seed', 'sandbox'].includes(name)) continue
      const env = Object.fromEntries(
        Object.entries(environment ?? {}).map(([key, value]) => [key, interpolate(value ?? '', made)]),
      )
      const dataDir = freshFolder()
      const config = readConfig({ ...env, NODE_ENV: 'production', DATA_DIR: dataDir })
      expect(config.demo, name).toBe(demo && ['api', 'sandbox'].includes(name))
      expect(config.database.url, name).toContain(`:${made.MALL_DB_PASSWORD}@postgres:5432/mall`)
      expect(config.temporal.address, name).toBe('temporal:7233')
      expect(config.payments.stripe?.secretKey, name).toBe(demo ? made.STRIPE_SECRET_KEY : undefined)
    }
  })

  it.each([undefined, 'shop.internal'])(
    'keeps the host by which the sandbox notifies, with ALLOWED_HOSTS=%s',
    (given) => {
      const made = { ...madeEnvironment('demo'), ...(given === undefined ? {} : { ALLOWED_HOSTS: given }) }
      const { environment = {} } = compose.services.api ?? {}
      const env = Object.fromEntries(
        Object.entries(environment).map(([key, value]) => [key, interpolate(value ?? '', made)]),
      )
      const { isKnownHost } = readConfig({ ...env, NODE_ENV: 'production', DATA_DIR: freshFolder() }).http
      expect([isKnownHost('api'), isKnownHost('shop.internal')]).toEqual([true, given !== undefined])
    },
  )

  it('gets different secrets each time, and keeps existing ones', () => {
    const [one, other] = [madeEnvironment(), madeEnvironment()]
    const names = Object.keys(one).filter((name) => /PASSWORD|SECRET|KEYS/.test(name) && one[name])
    expect(names.length).toBe(7)
    for (const name of names) expect(one[name], name).not.toBe(other[name])
    const cwd = freshFolder()
    const make = () => execFileSync('sh', [join(ROOT, 'deploy/make-env.sh')], { cwd, stdio: 'pipe' })
    make()
    const first = readFileSync(join(cwd, '.env'), 'utf8')
    expect(make).toThrow(/already exists/)
    expect(readFileSync(join(cwd, '.env'), 'utf8')).toBe(first)
  })
})

describe('Dockerfile', () => {
  it('uses the Node version of the tests', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    expect(read('Dockerfile')).toContain(`node:${dependencies.node}-`)
  })

  it('copies every folder of the program', () => {
    const taken = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1))
    const rooms = new Set(
      globSync('*/**/*.{ts,tsx}', { cwd: ROOT, exclude: ['node_modules/**'] }).map(
        (file) => file.split('/')[0],
      ),
    )
    for (const outside of ['tests', 'bench', 'chaos']) rooms.delete(outside)
    expect(taken).toEqual(expect.arrayContaining([...rooms, 'worker.ts', 'package-lock.json']))
    for (const name of taken) expect(existsSync(join(ROOT, name)), name).toBe(true)
  })
})
