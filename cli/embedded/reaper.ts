import { createInterface } from 'node:readline'
import { type Entry, stopAll } from './process-registry.ts'

/**
 * Runs next to the supervisor. Each input line lists the running processes. If the input closes without `goodbye`, the
 * supervisor was killed, and the processes are stopped here in order.
 */
let entries: Entry[] = []
let goodbye = false

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {})

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'goodbye') goodbye = true
  else entries = JSON.parse(line) as Entry[]
}
if (!goodbye) await stopAll(entries)
process.exit(0)
