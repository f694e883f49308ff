import { pinyin } from 'pinyin-pro'
import { findProductsToIndex, setSearchTerms } from '../../db/catalogue/product-search.ts'
import type { Db } from '../../db/client.ts'
import { hanPairs, type SearchTerm, searchTerms, wordLexeme } from '../../domain/catalogue/search.ts'

/** Typed pinyin is found up to so many syllables, and so many initials. */
const SYLLABLES_MAX = 6
const INITIALS_MAX = 8
/** Readings of one character. */
const READINGS_MAX = 3
/** Positions of a `tsvector`. */
const POSITION_MAX = 16_383

/** @returns the `tsvector` by which a product is found: its title with pinyin (weight A), and its description */
export function searchVector(title: string, description: string | null): string {
  const positions = new Map<string, string[]>()
  const add = (lexeme: string, position: number, weight: string) => {
    const known = positions.get(lexeme) ?? []
    positions.set(lexeme, [...known, `${Math.min(position, POSITION_MAX)}${weight}`])
  }
  const titleTerms = searchTerms(title)
  const end = addTerms(titleTerms, 1, (lexeme, at) => add(lexeme, at, 'A'))
  for (const lexeme of pinyinLexemes(titleTerms)) if (!positions.has(lexeme)) add(lexeme, 1, 'A')
  addTerms(searchTerms(description ?? ''), end + 1, (lexeme, at) => add(lexeme, at, ''))
  return Array.from(positions, ([lexeme, at]) => `'${lexeme}':${at.join(',')}`).join(' ')
}

/** The lexemes of a name, with its pinyin. */
export function nameLexemes(name: string): ReadonlySet<string> {
  const terms = searchTerms(name)
  const lexemes = new Set(pinyinLexemes(terms))
  addTerms(terms, 1, (lexeme) => lexemes.add(lexeme))
  return lexemes
}

/** A gap separates neighbors that are not adjacent in the text. @returns the next free position */
function addTerms(
  terms: readonly SearchTerm[],
  from: number,
  add: (lexeme: string, position: number) => void,
): number {
  let at = from
  for (const { isHan, text } of terms) {
    const lexemes = isHan ? hanPairs(text) : [wordLexeme(text)]
    for (const lexeme of lexemes) add(lexeme, at++)
    at += 1
  }
  return at
}

/** From each syllable on: the pinyin and the initials of what follows. A word in between is a syllable. */
function pinyinLexemes(terms: readonly SearchTerm[]): Set<string> {
  const syllables = terms.flatMap(({ isHan, text }) => (isHan ? readingsOf(text) : [[text]]))
  const lexemes = new Set<string>()
  for (const n of syllables.keys()) {
    for (const lexeme of spellings(syllables.slice(n, n + SYLLABLES_MAX))) lexemes.add(lexeme)
    const initials = syllables
      .slice(n, n + INITIALS_MAX)
      .map((readings) => [...new Set(readings.map((reading) => reading.charAt(0)))])
    for (const lexeme of spellings(initials)) lexemes.add(lexeme)
  }
  return lexemes
}

const PINYIN = { toneType: 'none', type: 'array', v: true } as const
const allReadings = new Map<string, readonly string[]>()

/** The readings of each character, first the one in this context. */
function readingsOf(han: string): string[][] {
  const inContext = pinyin(han, PINYIN)
  return Array.from(han, (letter, n) => {
    const all = allReadings.get(letter) ?? pinyin(letter, { ...PINYIN, multiple: true })
    allReadings.set(letter, all)
    return [...new Set([inContext[n] ?? letter, ...all])].slice(0, READINGS_MAX)
  })
}

/** All first readings, and each other reading among first ones: of several rare readings in one title, one is typed. */
function spellings(syllables: readonly (readonly string[])[]): string[] {
  const first = syllables.map(([reading = '']) => reading)
  const others = syllables.flatMap((readings, n) =>
    readings.slice(1).map((reading) => first.with(n, reading).join('')),
  )
  return [first.join(''), ...others].map(wordLexeme)
}

const BATCH = 500

/** Indexes products that the database has without their terms: a batch. @returns how many there were */
export async function indexProducts(db: Db): Promise<number> {
  const products = await findProductsToIndex(db, BATCH)
  const found = products.map((product) => ({
    ...product,
    terms: searchVector(product.title, product.description),
  }))
  await setSearchTerms(db, found)
  return products.length
}
