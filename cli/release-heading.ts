import { readFileSync, writeFileSync } from 'node:fs'

/** `npm version` runs this: renames "Unreleased" in CHANGELOG.md. */
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const changelog = readFileSync('CHANGELOG.md', 'utf8')
const heading = /^## Unreleased\n/m
if (!heading.test(changelog)) throw new Error('CHANGELOG.md has no heading "Unreleased"')
const today = new Date().toISOString().slice(0, 10)
writeFileSync('CHANGELOG.md', changelog.replace(heading, `## Unreleased\n\n## ${version}, ${today}\n`))
