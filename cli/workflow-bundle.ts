import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { FAILURE_CONVERTER_PATH } from '../application/payload-codec.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** All that can end up in the bundle: a change in any of these files makes another one. */
function fingerprint(): string {
  const hash = createHash('sha256')
  for (const room of ['workflows', 'domain']) {
    for (const name of readdirSync(join(ROOT, room)).sort()) {
      hash.update(name).update(readFileSync(join(ROOT, room, name)))
    }
  }
  return hash
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex')
    .slice(0, 16)
}

/**
 * The workflow code as one file. Bundling takes seconds, so the result is kept: a worker that is started
 * again after a crash is back at once.
 * @param dataDir where bundles are kept
 */
export async function loadWorkflowBundle(dataDir: string): Promise<{ codePath: string }> {
  const folder = join(dataDir, 'workflow-bundles')
  const codePath = join(folder, `${fingerprint()}.js`)
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'workflows', 'index.ts'),
      failureConverterPath: FAILURE_CONVERTER_PATH,
      logger: new DefaultLogger('WARN'),
    })
    mkdirSync(folder, { recursive: true })
    const draft = `${codePath}.${process.pid}`
    writeFileSync(draft, code)
    renameSync(draft, codePath)
  }
  return { codePath }
}
