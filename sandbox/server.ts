import { pino } from 'pino'
import { readConfig } from '../config/index.ts'
import { startSandbox } from './sandbox.ts'

const config = readConfig()
const log = pino({ level: config.logLevel, base: { part: 'sandbox' } })
const { accounts } = config.sandbox
if (!accounts) {
  log.fatal('the sandbox takes pretended money: it runs on loopback outside production, or with DEMO=1')
  process.exit(1)
}

const { host, localUrl } = config.http
const ownPort = config.ports.sandbox ?? (Number(URL.parse(config.sandbox.url ?? '')?.port) || 3400)

try {
  const sandbox = await startSandbox({
    host,
    port: ownPort,
    publicUrl: config.sandbox.url,
    dataDir: config.dataDir,
    mallUrl: config.sandbox.mallUrl ?? localUrl,
    accounts,
    control: config.sandbox.control,
    clockScale: config.sandbox.clockScale,
    log,
  })
  let _stopping: Promise<void> | undefined
  const stop = () => {
    _stopping ??= sandbox.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Ends with the parent process.
  process.once('disconnect', stop)
} catch (error) {
  const busy = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
  log.fatal({ err: error }, busy ? `port ${ownPort} is taken: set SANDBOX_PORT` : 'could not start')
  process.exit(1)
}
