/** Masks personal data to the minimum needed to recognise it (PIPL article 51). */

const TWO_LETTER_SURNAMES = /^(欧阳|上官|司马|诸葛|司徒|夏侯|皇甫|尉迟|公孙|慕容|令狐|东方|独孤|南宫|端木)/

/** Keeps the surname, or the first letter: `张*`, `欧阳*`, `L*`. */
export function maskName(name: string): string {
  const shown = TWO_LETTER_SURNAMES.exec(name)?.[0] ?? Array.from(name)[0] ?? ''
  return `${shown}*`
}

/** Keeps the first three digits (with a `+` before them) and the last two, or the last four for the owner: `138******00`. */
export function maskPhone(phone: string, forOwner: boolean): string {
  const tail = forOwner ? 4 : 2
  const head = phone.startsWith('+') ? 4 : 3
  if (phone.length <= head + tail) return '*'.repeat(phone.length)
  return `${phone.slice(0, head)}${'*'.repeat(phone.length - head - tail)}${phone.slice(-tail)}`
}
