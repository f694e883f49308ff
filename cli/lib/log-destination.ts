import { fstatSync, write as writeFile, writeSync } from 'node:fs'

/** What waits in memory while nobody takes it, before lines are dropped. */
const QUEUED_BYTES_MAX = 1024 * 1024
const STDOUT = 1
/** Pause before another try where a pipe is full, and where a disk is. */
const FULL_PIPE_MS = 50
const FULL_DISK_MS = 1000
/** Time for the last lines at the end of a process. */
const LAST_LINES_MS = 200

export interface LogDestination {
  write(line: string): void
  /** Writes what waits, as far as it is taken now. */
  flushSync(): void
}

/**
 * Writes lines to a file descriptor and never makes its caller wait or fail: what nobody reads, or no disk takes, waits
 * in memory up to a limit. Lines beyond it are dropped; how many is told once lines are taken again.
 * @param dropNote makes the line that tells how many were dropped
 */
export function createLogDestination(
  fd: number,
  dropNote: (count: number) => string,
  queuedBytesMax = QUEUED_BYTES_MAX,
): LogDestination {
  if (fd === STDOUT) makeNonBlocking()
  let lines: string[] = []
  /** Of `lines` and `rest`. */
  let queuedBytes = 0
  let dropped = 0
  /** What is left of the present write. */
  let rest = Buffer.alloc(0)
  let scheduled = false
  let writing = false

  const push = (line: string, bytes: number) => {
    lines.push(line)
    queuedBytes += bytes
    if (scheduled) return
    scheduled = true
    // The lines of one turn are one write.
    setImmediate(send)
  }
  const send = () => {
    if (rest.length === 0) {
      rest = Buffer.from(lines.join(''))
      lines = []
    }
    scheduled = rest.length > 0
    if (!scheduled) return
    writing = true
    writeFile(fd, rest, 0, rest.length, null, (error, bytes) => {
      writing = false
      if (error) {
        setTimeout(send, error.code === 'EAGAIN' ? FULL_PIPE_MS : FULL_DISK_MS).unref()
        return
      }
      rest = rest.subarray(bytes)
      queuedBytes -= bytes
      if (queuedBytes === 0 && dropped > 0) {
        const note = dropNote(dropped)
        dropped = 0
        push(note, Buffer.byteLength(note))
      }
      send()
    })
  }

  return {
    write(line) {
      const bytes = Buffer.byteLength(line)
      // Until everything is taken, so that there is one note and not one for each line that finds a gap.
      if (dropped > 0 || queuedBytes + bytes > queuedBytesMax) {
        dropped += 1
        return
      }
      push(line, bytes)
    },
    flushSync() {
      const deadline = performance.now() + LAST_LINES_MS
      // The system already has the bytes of a write that runs.
      const note = dropped > 0 ? dropNote(dropped) : ''
      let last = Buffer.concat([writing ? Buffer.alloc(0) : rest, Buffer.from(lines.join('') + note)])
      if (!writing) rest = Buffer.alloc(0)
      lines = []
      dropped = 0
      queuedBytes = rest.length
      while (last.length > 0 && performance.now() < deadline) {
        try {
          last = last.subarray(writeSync(fd, last))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
        }
      }
    },
  }
}

/** A pipe blocks until Node has opened it as a stream: a write to a full one would hold a thread forever. */
function makeNonBlocking(): void {
  const stat = fstatSync(STDOUT)
  if (stat.isFIFO() || stat.isSocket()) process.stdout.on('error', () => {})
}
