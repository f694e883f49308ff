/** How personal data is shown: enough to know it by, no more (PIPL article 51, the standard for parcel labels). */

const TWO_LETTER_SURNAMES = /^(欧阳|上官|司马|诸葛|司徒|夏侯|皇甫|尉迟|公孙|慕容|令狐|东方|独孤|南宫|端木)/

/** `张*`, `欧阳*`, `L*`: the surname, or the first letter. */
export function maskName(name: string): string {
  const shown = TWO_LETTER_SURNAMES.exec(name)?.[0] ?? Array.from(name)[0] ?? ''
  return `${shown}*`
}

/**
 * Three digits, stars, and the last ones.
 * @param forOwner the last four, for whose number it is; all others see two (`138******00`)
 */
export function maskPhone(phone: string, forOwner: boolean): string {
  const tail = forOwner ? 4 : 2
  if (phone.length <= 3 + tail) return '*'.repeat(phone.length)
  return `${phone.slice(0, 3)}${'*'.repeat(phone.length - 3 - tail)}${phone.slice(-tail)}`
}
