/**
 * Looks again and again while somebody waits, with one timer for all of them.
 * @param isAwaited whether anybody waits; without, polling stops
 * @param complain called on a failed look; polling continues
 * @returns a function that starts polling, unless it runs already
 */
export function pollWhile(
  isAwaited: () => boolean,
  everyMs: number,
  look: () => Promise<void>,
  complain: (error: unknown) => void,
): () => void {
  let due: NodeJS.Timeout | undefined

  function schedule(): void {
    if (due || !isAwaited()) return
    due = setTimeout(() => {
      look()
        .catch(complain)
        .finally(() => {
          due = undefined
          schedule()
        })
    }, everyMs)
    due.unref()
  }

  return schedule
}
