/** Linear time: a pattern such as `/\/+$/` restarts at each slash. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '/') end--
  return text.slice(0, end)
}

/** Zero-width joiners stay between pictographs: they make one emoji of several. */
const FORMATS =
  /(?<!\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)\u200d|\u200d(?!\p{Extended_Pictographic})|(?!\u200d)\p{Cf}/gu
/** Four combining marks are more than any script needs; stacks of them leave their line. */
const MARKS = /(\p{M}{4})\p{M}+/gu
/** What shows nothing: ignorable characters, blanks, controls, marks without a letter, the empty Braille pattern. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\p{Cf}\p{M}\u2800]/gu

/** Text that a person typed, without format characters and with few marks per letter; not trimmed. */
export function plainText(text: string): string {
  return text.replace(FORMATS, '').replace(MARKS, '$1')
}

/** A number, a code or search words, also typed by an input method in full width: `１３８` is `138`. Trimmed. */
export function plainCode(text: string): string {
  // What nobody sees may keep letters and marks apart that are one.
  return plainText(plainText(text).normalize('NFKC')).trim()
}

/** Whether anything can be seen of it. */
export function isVisible(text: string): boolean {
  return text.replace(INVISIBLE, '') !== ''
}

/** Length as people and the database count it: code points. */
export function lengthOf(text: string): number {
  let length = 0
  for (const _ of text) length += 1
  return length
}

/** The first `max` code points. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : Array.from(text).slice(0, max).join('')
}
