/** Charsets that Alipay's messages name. GB18030 contains GBK and GB2312. */
const CHARSETS = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  gb18030: 'gb18030',
} as const

export type Charset = (typeof CHARSETS)[keyof typeof CHARSETS]

/** @returns undefined for a charset that Alipay does not use */
export function charsetNamed(name: string): Charset | undefined {
  const known = name.toLowerCase()
  return Object.hasOwn(CHARSETS, known) ? CHARSETS[known as keyof typeof CHARSETS] : undefined
}

/** @throws TypeError where the bytes are not in this charset */
export function decodeText(bytes: Uint8Array, charset: Charset): string {
  return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes)
}

/**
 * One character per byte, for finding the structure of a text. Characters of several bytes are masked, because the
 * second byte of one in GB18030 may be a brace or a backslash. @param bytes valid in this charset
 */
export function outlineOf(bytes: Uint8Array, charset: Charset): string {
  const outline = Buffer.from(bytes)
  for (let at = 0; charset === 'gb18030' && at < outline.length; ) {
    const [lead = 0, second = 0] = outline.subarray(at, at + 2)
    // 0x80 is a character of its own; a digit follows only the lead byte of four.
    const size = lead <= 0x80 ? 1 : second >= 0x30 && second <= 0x39 ? 4 : 2
    if (size > 1) outline.fill(0x80, at, at + size)
    at += size
  }
  return outline.toString('latin1')
}
