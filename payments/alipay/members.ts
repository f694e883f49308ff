const STRING = /"(?:[^"\\]|\\.)*"/y
const SPACE = /[ \t\r\n]*/y
const PLAIN = /[^\s,{}[\]"]+/y

/** Where a member's value begins and ends. */
export interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Where the raw value of each member is, which a signature covers. @returns undefined for duplicates or no JSON object
 */
export function rawMembers(text: string): ReadonlyMap<string, Range> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  } catch {
    return undefined
  }
  const members = new Map<string, Range>()
  let at = endOfMatch(SPACE, text, 0) + 1
  for (;;) {
    at = endOfMatch(SPACE, text, at)
    if (text[at] === '}') return members
    const nameEnd = endOfMatch(STRING, text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    const from = endOfMatch(SPACE, text, endOfMatch(SPACE, text, nameEnd) + 1)
    const to = endOfValue(text, from)
    if (members.has(name)) return undefined
    members.set(name, { from, to })
    at = endOfMatch(SPACE, text, to)
    if (text[at] === ',') at += 1
  }
}

function endOfValue(text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    const sign = text[at]
    if (sign === '"') at = endOfMatch(STRING, text, at)
    else if (sign === '{' || sign === '[') {
      depth += 1
      at += 1
    } else if (sign === '}' || sign === ']') {
      depth -= 1
      at += 1
    } else if (depth > 0 && (sign === ',' || sign === ':' || /\s/.test(sign ?? ''))) at += 1
    else at = endOfMatch(PLAIN, text, at)
  } while (depth > 0)
  return at
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  if (!pattern.test(text)) throw new Error(`no JSON at ${at}`)
  return pattern.lastIndex
}
