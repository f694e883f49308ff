import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { z } from 'zod'

const READ_BYTES = 64 * 1024
/** One old file is kept as `.1`. */
const LOG_BYTES_MAX = 50 * 1024 * 1024

const jsonLine = z.object({
  level: z.union([z.number(), z.string()]),
  msg: z.string().optional(),
  message: z.string().optional(),
  err: z.object({ message: z.string(), stack: z.string() }).partial().optional(),
})
const LOUD_LEVELS = new Set(['warn', 'warning', 'error', 'fatal', 'panic'])
/** PostgreSQL logs every refused statement as ERROR; only problems of the server matter here. */
const LOUD_TEXT = /\b(FATAL|PANIC)\b|\[(WARN|ERROR)\]|^\w*(Error|Exception)\b|^panic:/
const FATAL_TEXT = /\b(FATAL|PANIC)\b|^panic:/
/** PostgreSQL answers this to clients that connect during its start. */
const EXPECTED_TEXT = /FATAL: {2}(the database system is|terminating connection due to)/

/** @returns undefined for a line that the user need not see */
export function loudText(line: string): string | undefined {
  const text = line.trim()
  if (!text.startsWith('{'))
    return LOUD_TEXT.test(text) && !EXPECTED_TEXT.test(text) ? shorten(text) : undefined
  const parsed = jsonLine.safeParse(parseJson(text))
  if (!parsed.success) return undefined
  const { level, msg, message, err } = parsed.data
  const loud = typeof level === 'number' ? level >= 40 : LOUD_LEVELS.has(level.toLowerCase())
  if (!loud) return undefined
  const said = msg ?? message ?? ''
  return shorten(err?.message && err.message !== said ? `${said}: ${err.message}` : said)
}

/** @returns a line of a log for a person: of JSON its message, with the error if there is one */
export function readableText(line: string): string {
  const { data } = jsonLine.safeParse(parseJson(line))
  const said = data?.msg ?? data?.message
  if (said === undefined) return line
  const { stack, message } = data?.err ?? {}
  return [said, stack ?? message].filter(Boolean).join(': ')
}

/** Tails a log that the process writes itself, so that nothing is lost if the supervisor is killed. */
export function follow(file: string, onLine: (line: string) => void): { read(): void; close(): void } {
  const log = tail(file, (text) => {
    for (const line of text.split('\n')) if (line) onLine(line)
  })
  return { read: () => log.read(false), close: log.close }
}

/**
 * Appends to a log what its process writes as text into another file: a JSON object per line, lines that start with
 * white space in the one before. Goes on where the last supervisor ended.
 * @returns `read`: whether the process has ended, so that a last line without an end is whole
 */
export function wrapText(
  part: string,
  files: { readonly text: string; readonly log: string },
): { read(ended: boolean): void; close(): void } {
  const noteFile = `${files.text}.read`
  // An earlier version may have noted a negative one.
  const noted = existsSync(noteFile) ? Math.max(0, Number(readFileSync(noteFile, 'utf8'))) || 0 : 0
  let position = noted
  const text = tail(
    files.text,
    (lines) =>
      appendFileSync(
        files.log,
        lines
          .split(/\n(?![\t ])/)
          .map((line) => jsonLineOf(part, line))
          .join(''),
      ),
    noted,
  )
  return {
    read(ended) {
      // A full disk loses lines of this log, and holds nothing up.
      try {
        const reached = text.read(ended)
        if (reached !== position) writeFileSync(noteFile, String(reached))
        position = reached
      } catch {}
    },
    close: text.close,
  }
}

/** @returns a line of JSON with its end; empty for an empty line */
function jsonLineOf(part: string, text: string): string {
  if (text.trim() === '') return ''
  const given = text.startsWith('{') ? parseJson(text) : undefined
  const level = loudText(text) === undefined ? 30 : FATAL_TEXT.test(text) ? 60 : 50
  const line =
    typeof given === 'object' ? { part, ...given } : { level, time: Date.now(), part, msg: text.trimEnd() }
  return `${JSON.stringify(line)}\n`
}

/** @param start undefined: only what is written from now on @returns `read` gives the position up to which lines were handed over */
function tail(file: string, onLines: (text: string) => void, start?: number) {
  const descriptor = openSync(file, 'a+')
  const bytesNow = fstatSync(descriptor).size
  let position = Math.min(start ?? bytesNow, bytesNow)
  let rest = Buffer.alloc(0)
  const buffer = Buffer.alloc(READ_BYTES)
  return {
    read(ended: boolean): number {
      const { size } = fstatSync(descriptor)
      if (size < position) position = 0
      for (;;) {
        const bytes = readSync(descriptor, buffer, 0, READ_BYTES, position)
        if (bytes === 0) break
        position += bytes
        const parts = Buffer.concat([rest, buffer.subarray(0, bytes)])
        const end = parts.lastIndexOf(10)
        rest = Buffer.from(parts.subarray(end + 1, end + 1 + READ_BYTES))
        onLines(parts.subarray(0, Math.max(end, 0)).toString())
      }
      if (ended && rest.length > 0) {
        const last = rest.toString()
        rest = Buffer.alloc(0)
        onLines(last)
      }
      if (size > LOG_BYTES_MAX) {
        try {
          copyFileSync(file, `${file}.1`)
        } catch {
          // A full disk: the old lines are given up.
        }
        truncateSync(file)
        position = 0
      }
      // What was left of the last line may be from before the file was emptied.
      return Math.max(0, position - rest.length)
    },
    close: () => closeSync(descriptor),
  }
}

function shorten(text: string): string {
  const [first = ''] = text.split('\n')
  return first.length > 200 ? `${first.slice(0, 199)}…` : first
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
