/** `text` without the slashes at its end, in linear time: a pattern such as `/\/+$/` starts again at each slash. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '/') end--
  return text.slice(0, end)
}
