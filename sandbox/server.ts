import { refuseToStart, startLog } from '../cli/lib/logger.ts'
import { type Config, ConfigError, readConfig } from '../config/index.ts'
import { startSandbox } from './sandbox.ts'

const log = startLog('sandbox')
const config = configuration()
log.level = config.logLevel
const { accounts } = config.sandbox
if (!accounts)
  refuseToStart('sandbox', 'it takes pretended money: it runs on loopback outside production, or with DEMO=1')

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
    supplier: config.sandbox.supplier,
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
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    refuseToStart('sandbox', `port ${ownPort} is taken: set SANDBOX_PORT`)
  }
  log.fatal({ err: error }, 'could not start')
  process.exit(1)
}

function configuration(): Config {
  try {
    return readConfig()
  } catch (error) {
    if (error instanceof ConfigError) refuseToStart('sandbox', error.message)
    throw error
  }
}
