import { type KyselyPlugin, PostgresQueryCompiler } from 'kysely'
import type { Client } from 'pg'
import type { Db } from '../../db/client.ts'

/** The queries of the pages, and PostgreSQL's plans for them. */

export interface Asked {
  readonly text: string
  readonly parameters: readonly unknown[]
}

/** @returns the same database, which records its queries */
export function watchDatabase(db: Db, asked: Asked[]): Db {
  const compiler = new PostgresQueryCompiler()
  const watch: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      const { sql: text, parameters } = compiler.compileQuery(node, queryId)
      asked.push({ text, parameters })
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return db.withPlugin(watch)
}

/** PostgreSQL makes so many plans with parameters; then it may keep one generic plan. */
const CUSTOM_PLANS = 5

/** The plan of the first call, and that of a prepared statement after many calls. */
export async function plansOf(client: Client, { text, parameters }: Asked): Promise<[string, string]> {
  await client.query(`prepare asked as ${text}`)
  const values = parameters.map((value) => literal(client, value)).join(', ')
  const explain = async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain execute asked${values && `(${values})`}`,
    )
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  }
  const first = await explain()
  for (let call = 1; call < CUSTOM_PLANS; call += 1) await explain()
  const kept = await explain()
  await client.query('deallocate asked')
  return [first, kept]
}

function literal(client: Client, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Date) return client.escapeLiteral(value.toISOString())
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  if (Array.isArray(value)) {
    const elements = value
      .map((one) =>
        JSON.stringify(Buffer.isBuffer(one) ? `\\x${one.toString('hex')}` : `${one as string | number}`),
      )
      .join(',')
    return client.escapeLiteral(`{${elements}}`)
  }
  return client.escapeLiteral(`${value as string | number | boolean | bigint}`)
}
