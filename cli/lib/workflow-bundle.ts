import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { FAILURE_CONVERTER_PATH } from '../../application/temporal/payload-codec.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WORKFLOWS_PATH = join(ROOT, 'workflows', 'index.ts')
/** The last line of an import; a long list of names is on earlier lines. */
const RELATIVE = /^(?:import|export|\} from)\b[^'"]*['"](\.{1,2}\/[^'"]+)['"]/

/** Type imports are not in the bundle. */
function importsOf(source: string): string[] {
  let erased = false
  return source.split('\n').flatMap((line) => {
    if (/^(?:import|export)\b/.test(line)) erased = /^(?:import|export) type\b/.test(line)
    const path = RELATIVE.exec(line)?.[1]
    return path === undefined || erased ? [] : [path]
  })
}

/** @returns sorted absolute paths of all files reachable from the entry points */
export function bundleSources(entryPoints = [WORKFLOWS_PATH, FAILURE_CONVERTER_PATH]): string[] {
  const found = new Set(entryPoints)
  // Iteration over a Set includes elements added meanwhile.
  for (const file of found) {
    for (const path of importsOf(readFileSync(file, 'utf8'))) {
      const target = join(dirname(file), path)
      if (existsSync(target)) found.add(target)
    }
  }
  return [...found].sort()
}

/** @param root paths in the key are relative to it, so that the key does not depend on the location */
export function bundleKey(files = bundleSources(), root = ROOT): string {
  const hash = createHash('sha256')
  const add = (name: string, content: Buffer) => hash.update(`${name}\0${content.length}\0`).update(content)
  for (const file of files) add(relative(root, file), readFileSync(file))
  add('packages', readFileSync(join(ROOT, 'package-lock.json')))
  add('bundler', readFileSync(fileURLToPath(import.meta.url)))
  return hash.digest('hex').slice(0, 16)
}

/** Cached, so that a restarted worker is ready immediately. */
export async function loadWorkflowBundle(dataDir: string): Promise<{ codePath: string }> {
  const folder = join(dataDir, 'workflow-bundles')
  const codePath = join(folder, `${bundleKey()}.js`)
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflowCode({
      workflowsPath: WORKFLOWS_PATH,
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
