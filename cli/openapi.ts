import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { createApp } from '../api/app.ts'
import type { ApiDeps } from '../api/deps.ts'
import { describeApi } from '../api/document/document.ts'
import { createMetrics } from '../api/metrics.ts'

/** Prints the OpenAPI document, or writes it into the file that is named. Needs no database and no Temporal. */

// Registering routes calls no dependency; one that is called here fails.
const deps: Partial<ApiDeps> & Pick<ApiDeps, 'publicUrl'> = {
  publicUrl: 'http://127.0.0.1:3000',
  corsOrigins: [],
  imageHosts: [],
  logger: pino({ level: 'silent' }),
  metrics: createMetrics(),
}

const { document, problems } = describeApi(createApp(deps as ApiDeps), deps.publicUrl)
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`)
  process.exitCode = 1
} else {
  const text = `${JSON.stringify(document, null, 2)}\n`
  const [file] = process.argv.slice(2)
  if (file) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  } else process.stdout.write(text)
}
