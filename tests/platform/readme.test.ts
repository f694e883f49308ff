import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createInstallation, type Installation } from '../support/installation.ts'
import { until } from '../support/test-app.ts'

/** Runs README's "Five requests" in a shell as written, on an installation with the demo. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PRINTED_URL = 'http://127.0.0.1:3000'
/** Values that differ each time; everything else in an answer is as README shows it. */
const VARYING: Readonly<Record<string, RegExp>> = {
  id: /^\d+$/,
  order_no: /^PM\d{14}[0-9A-HJKMNP-TV-Z]{12}$/,
  pay_url: /^http:\/\/127\.0\.0\.1:\d+\/pay\/cs_test_\w+…?$/,
  expires_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
}
/** Values that later requests name. */
const REUSED = ['order_no', 'pay_url']

interface Request {
  /** The comment above it. */
  readonly about: string
  readonly command: string
  readonly answer: { readonly status: number; readonly body: unknown; readonly rest: string } | undefined
}

describe("README's requests", () => {
  const requests = readRequests('README.md', 'Five requests')
  /** Shell variables that README sets. */
  const variables: Record<string, string> = {}
  /** What README shows → its value in this installation. */
  const real = new Map<string, string>()
  let installation: Installation

  beforeAll(async () => {
    installation = await createInstallation()
    real.set(PRINTED_URL, installation.url)
    await installation.start(540_000, { demo: true })
  }, 600_000)
  afterAll(async () => {
    await installation.stop()
    installation.remove()
  })

  test('are five, numbered, each with an answer', () => {
    const numbered = requests.filter(({ about }) => /^\d\. /.test(about))
    expect(numbered.map(({ about }) => about[0])).toEqual(['1', '2', '3', '4', '5'])
    for (const { about, answer } of numbered) expect(answer?.body, about).toBeTypeOf('object')
  })

  test('are the same in the Chinese README, except for the payment in the browser', () => {
    const commands = requests.filter(({ about }) => !about.includes('an empty 303'))
    expect(readRequests('README.zh-CN.md', '五个请求').map(({ command }) => command)).toEqual(
      commands.map(({ command }) => command.replace(/PM\d{14}\w{12}/, '<订单号>')),
    )
  })

  test('are answered as README shows', async () => {
    for (const request of requests) {
      const [, variable] = /^(\w+)=/.exec(request.command) ?? []
      if (variable) {
        variables[variable] = await shell(`${request.command}\nprintf %s "$${variable}"`)
        continue
      }
      const answer = await send(request.command)
      if (/send it twice/i.test(request.about)) expect(await send(request.command)).toEqual(answer)
      if (!request.answer) {
        expect(request.about).toContain('an empty 303')
        expect(answer).toEqual({ status: 303, text: '' })
        await until(paymentStatus, (status) => status === 'paid', 'the notification')
        continue
      }
      expect(answer.status, answer.text).toBe(request.answer.status)
      compare(request.answer.body, JSON.parse(answer.text), request.about)
      const [, later] = /a moment later "(\w+)"/.exec(request.answer.rest) ?? []
      if (later) await until(paymentStatus, (status) => status === later, later)
    }
  }, 300_000)

  test('name the claims of a sign-in link, and make one that works', async () => {
    const [request] = readRequests('README.md', 'Signing people in')
    const link = new URL((await shell(request?.command ?? '')).trim())
    expect(link.href).toMatch(/\/points-mall\/sign-in\/link\?token=eyJ.+&next=%2Fpoints-mall%2Fproducts$/)
    const named = [...sectionOf('README.md', 'Signing people in').matchAll(/^\| (`.+?`) \|/gm)].flatMap(
      ([, names = '']) => names.split(', ').map((name) => name.slice(1, -1)),
    )
    const token = link.searchParams.get('token') ?? ''
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    expect(Object.keys(claims).toSorted()).toEqual(named.toSorted())
    const answer = await fetch(link, { redirect: 'manual' })
    expect([200, 303]).toContain(answer.status)
    expect(answer.headers.get('location') ?? '').not.toContain('why=')
  })

  /** Runs a text as README has it, with what this installation has in the place of what README shows. */
  async function shell(text: string): Promise<string> {
    const script = [...real].reduce((all, [shown, ours]) => all.replaceAll(shown, ours), text)
    const env = { ...installation.environment, ...variables }
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { cwd: ROOT, env })
    return stdout
  }

  async function send(command: string): Promise<{ status: number; text: string }> {
    const output = await shell(`curl() { command curl -w '\\n%{http_code}' "$@"; }\n${command}`)
    const end = output.lastIndexOf('\n')
    return { status: Number(output.slice(end + 1)), text: output.slice(0, end) }
  }

  /** The payment status of the last order. */
  async function paymentStatus(): Promise<string> {
    const orderNo = [...real.keys()].findLast((shown) => shown.startsWith('PM'))
    const { text } = await send(`curl -s $MALL/orders/${orderNo} -H "Authorization: Bearer $TOKEN"`)
    return JSON.parse(text).data.payment_status
  }

  /** Everything shown is in the answer with the same value; README may omit members of lists and objects. */
  function compare(shown: unknown, ours: unknown, where: string): void {
    if (typeof shown !== 'object' || shown === null) {
      expect(ours, where).toEqual(shown)
      return
    }
    expect(Array.isArray(ours), where).toBe(Array.isArray(shown))
    for (const [key, value] of Object.entries(shown)) {
      const found: unknown = (ours as Record<string, unknown>)[key]
      const pattern = VARYING[key]
      if (!pattern) {
        compare(value, found, `${where} ${key}`)
        continue
      }
      expect(value, `${where} ${key}`).toMatch(pattern)
      expect(found, `${where} ${key}`).toMatch(pattern)
      if (REUSED.includes(key)) real.set(String(value), String(found))
    }
  }
})

function sectionOf(file: string, heading: string): string {
  const readme = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  return readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
}

/** The commands of the section's shell blocks, in order, each with the comment above and the answer below it. */
function readRequests(file: string, heading: string): Request[] {
  const lines = [...sectionOf(file, heading).matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block.split('\n'),
  )
  const requests: Request[] = []
  let about = ''
  while (lines.length > 0) {
    const comment = takeWhile(lines, (line) => line.startsWith('# ') && !line.startsWith('# →'))
    if (comment.length > 0) about = comment.map((line) => line.slice(2)).join(' ')
    const line = lines.shift() ?? ''
    if (line === '') continue
    const command = [line]
    while (command.at(-1)?.endsWith('\\')) command.push(lines.shift() ?? '')
    const shown = lines[0]?.startsWith('# →')
      ? [lines.shift() ?? '', ...takeWhile(lines, (next) => next.startsWith('#    '))]
      : []
    requests.push({ about, command: command.join('\n'), answer: readAnswer(shown) })
  }
  return requests
}

function takeWhile(lines: string[], fits: (line: string) => boolean): string[] {
  const end = lines.findIndex((line) => !fits(line))
  return lines.splice(0, end < 0 ? lines.length : end)
}

/** `# → 201 {…}`, over several lines; `,…` stands for more of the same. 200 is not written. */
function readAnswer(lines: readonly string[]): Request['answer'] {
  const text = lines.map((line) => line.replace(/^# *(→ )?/, '')).join('')
  if (!text.includes('{')) return undefined
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}') + 1]
  const body: unknown = JSON.parse(text.slice(from, to).replaceAll(',…', ''))
  return { status: Number(text.slice(0, from).trim() || 200), body, rest: text.slice(to) }
}
