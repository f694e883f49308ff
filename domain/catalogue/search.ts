/**
 * How a search finds a product: each word of the keyword must be found, in any order. Chinese characters are found
 * anywhere, in their order, or as two words in any order; other words and numbers by their beginning. The pinyin of titles counts as a word.
 */

/** Letters and digits of one script: Chinese characters, or a word or number. */
export interface SearchTerm {
  readonly isHan: boolean
  readonly text: string
}

const RUNS = /\p{Script=Han}+|[[\p{L}\p{M}]--\p{Script=Han}]+|\p{N}+/gv
const FORMAT_CHARACTERS = /\p{Cf}/gu
const WORD_MAX = 64
const TERMS_MAX = 10

/** The words of a text, in compatibility form (NFKC) and lower case: `ＬＥＤ灯175g` is `led`, `灯`, `175`, `g`. */
export function searchTerms(text: string): SearchTerm[] {
  const plain = text.normalize('NFKC').replace(FORMAT_CHARACTERS, '').toLowerCase().replaceAll('ü', 'v')
  return Array.from(plain.matchAll(RUNS), ([run]) => ({
    isHan: /^\p{Script=Han}/u.test(run),
    text: run,
  }))
}

/** @returns the words that are searched, without repeats; further ones are ignored */
export function keywordTerms(keyword: string): SearchTerm[] {
  const terms = new Map(searchTerms(keyword).map((term) => [term.text, term]))
  return [...terms.values()].slice(0, TERMS_MAX)
}

/** Pairs of neighbors, and the last character alone: a single character is found by its beginning. */
export function hanPairs(run: string): string[] {
  const letters = Array.from(run)
  return letters.map((letter, n) => letter + (letters[n + 1] ?? ''))
}

/** @returns how the word is stored; only its first characters are searched */
export const wordLexeme = (word: string): string => word.slice(0, WORD_MAX)

/** A single letter is a word, since too many words begin with it. */
const isWhole = (word: string) => word.length === 1 && !/\p{N}/u.test(word)

/** @returns a `tsquery` @param weight `A`: only in titles */
export function termQuery({ isHan, text }: SearchTerm, weight: '' | 'A' = ''): string {
  const one = (lexeme: string, suffix: string) => `'${lexeme}'${suffix && `:${suffix}`}`
  if (!isHan) return one(wordLexeme(text), `${isWhole(text) ? '' : '*'}${weight}`)
  const pairs = hanPairs(text)
  if (pairs.length === 1) return one(text, `*${weight}`)
  const phrase = (run: string) =>
    hanPairs(run)
      .slice(0, -1)
      .map((pair) => one(pair, weight))
      .join(' <-> ')
  const ways = [
    phrase(text),
    ...halves(text).map(([first, second]) => `(${phrase(first)} & ${phrase(second)})`),
  ]
  return ways.length === 1 ? phrase(text) : `(${ways.join(' | ')})`
}

/** Words of two characters or more. */
const HAN_WORD_MIN = 2
const HALVES_MAX = 8

/** Two words that may have been typed without a blank: `奶茶珍珠` is `奶茶` and `珍珠`. */
function halves(run: string): (readonly [string, string])[] {
  const letters = Array.from(run)
  const count = Math.min(HALVES_MAX, Math.max(0, letters.length - 2 * HAN_WORD_MIN + 1))
  return Array.from({ length: count }, (_, n) => {
    const end = n + HAN_WORD_MIN
    return [letters.slice(0, end).join(''), letters.slice(end).join('')] as const
  })
}

/** @returns a `tsquery`: all of the words in the title */
export function titleQuery(terms: readonly SearchTerm[]): string {
  return terms.map((term) => `(${termQuery(term, 'A')})`).join(' & ')
}

/** @returns a `tsquery` that finds any part of the words */
export function similarQuery(terms: readonly SearchTerm[]): string {
  const parts = terms.flatMap((term) => {
    const pairs = hanPairs(term.text)
    if (!term.isHan || pairs.length < 3) return [termQuery(term)]
    return pairs.slice(0, -1).map((pair) => `'${pair}'`)
  })
  return parts.join(' | ')
}

/** @param lexemes of a name, as they are stored for a product's title */
export function isFoundIn(term: SearchTerm, name: string, lexemes: ReadonlySet<string>): boolean {
  if (term.isHan) {
    const has = (run: string) => searchTerms(name).some(({ isHan, text }) => isHan && text.includes(run))
    return has(term.text) || halves(term.text).some((pair) => pair.every(has))
  }
  if (isWhole(term.text)) return lexemes.has(term.text)
  return [...lexemes].some((lexeme) => lexeme.startsWith(wordLexeme(term.text)))
}
