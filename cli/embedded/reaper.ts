import { createInterface } from 'node:readline'
import { type Entry, stopAll } from './process-registry.ts'

/**
 * A small process beside the supervisor. Each line on its standard input is the whole list of running parts;
 * `goodbye` means that the supervisor stopped them itself. When the input closes without it, the supervisor
 * was killed, and the parts are stopped here, in the same order.
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
