import { parseArgs } from 'node:util'
import { readConfig } from '../../config/index.ts'
import { startLog } from '../lib/logger.ts'
import { answerPings } from './probe.ts'
import { createUiProxy } from './ui-proxy.ts'

/** The part `temporal-ui` of `npm start`. */
const log = startLog('temporal-ui')
const { values } = parseArgs({
  options: { port: { type: 'string', default: '' }, target: { type: 'string', default: '' } },
})
answerPings()
const server = createUiProxy(new URL(values.target), readConfig().http.isKnownHost)
server.listen(Number(values.port), '127.0.0.1', () => log.info({ port: Number(values.port) }, 'listening'))

process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
