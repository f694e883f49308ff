/** Truncates to a number of UTF-8 bytes without splitting a character. */
export function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0
  let cut = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > bytesMax) break
    cut += character
  }
  return cut
}
