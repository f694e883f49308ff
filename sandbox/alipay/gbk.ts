/** Two bytes per character, built by decoding every possible pair. */
const PAIRS = new Map<string, Uint8Array>()

function fillPairs(): void {
  const decoder = new TextDecoder('gbk')
  for (let high = 0x81; high <= 0xfe; high += 1) {
    for (let low = 0x40; low <= 0xfe; low += 1) {
      const bytes = Uint8Array.of(high, low)
      const text = decoder.decode(bytes)
      if (text.length === 1 && text !== '\ufffd' && !PAIRS.has(text)) PAIRS.set(text, bytes)
    }
  }
}

/** Characters without a GBK encoding become `?`. */
export function encodeGbk(text: string): Buffer {
  if (PAIRS.size === 0) fillPairs()
  return Buffer.concat(
    Array.from(text, (sign) => (sign <= '\x7f' ? Buffer.from(sign) : (PAIRS.get(sign) ?? Buffer.from('?')))),
  )
}
