import { fileURLToPath } from 'node:url'
import { NativeConnection, Worker } from '@temporalio/worker'

const [address = '', taskQueue = ''] = process.argv.slice(2)
const connection = await NativeConnection.connect({ address })
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
  activities: { step: async () => 'done' },
})
process.once('SIGTERM', () => worker.shutdown())
process.stdout.write('ready\n')
await worker.run()
await connection.close()
