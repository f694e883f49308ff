/** Takes cells; returns one line of a table (RFC 4180). */
export const line = (cells: readonly string[]) => `${cells.map(quoted).join(',')}\r\n`

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Words that others wrote must stay words: a spreadsheet runs what begins like a formula (OWASP, CSV injection). */
export const words = (cell: string) => (/^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u.test(cell) ? `'${cell}` : cell)
