import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiDocument } from '../../api/document/document.ts'
import { typesOf } from './api-types-source.ts'

/** Reads the document from the file that is named, and writes the types of the client beside this file. */

const [file = ''] = process.argv.slice(2)
const target = join(import.meta.dirname, 'api-types.ts')
writeFileSync(target, typesOf(JSON.parse(readFileSync(file, 'utf8')) as ApiDocument))
execFileSync('biome', ['format', '--write', target], { stdio: 'inherit' })
