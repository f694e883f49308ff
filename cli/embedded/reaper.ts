import { createInterface } from 'node:readline'
import { type Entry, stopAll } from './process-registry.ts'

/** If the input closes without `goodbye`, the supervisor was killed: stops the processes on the last line, in order. */
let entries: Entry[] = []
let goodbye = false

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'goodbye') goodbye = true
  else entries = JSON.parse(line) as Entry[]
}
if (!goodbye) await stopAll(entries)
process.exit(0)
