import { connectDatabase } from '../db/client.ts'
import { createVault } from '../db/vault.ts'
import { grant } from '../db/wallet.ts'
import { startDatabase } from '../tests/database.ts'
import pg from 'pg'
const database = await startDatabase()
const sums = new Map<string,[number,number]>()
const orig = pg.Client.prototype.query as any
;(pg.Client.prototype as any).query = async function (this: any, c: any, v: any, cb: any) {
  if (cb || typeof c!=='string' && !c?.text) return orig.call(this, c, v, cb)
  const t = performance.now(); const r = await orig.call(this, c, v, cb)
  const k = String(c.text ?? c).trim().replace(/\s+/g,' ').slice(0,50); const s = sums.get(k) ?? [0,0]; s[0]++; s[1]+=performance.now()-t; sums.set(k,s); return r
}
try {
const vault = createVault([{ id: 'b1', key: Buffer.alloc(32, 'k') }])
const db = connectDatabase(database.url, 64)
let n=0
const one = (o:string) => db.transaction().execute((tx) => grant(tx, vault, o, 'ZJF', 1n, null, { operationKey: 'k'+(n++) }))
for (let i=0;i<50;i++) await one('a')
const run = async (name:string, c:number) => {
  sums.clear(); const n0=n; const t=performance.now(); const cpu=process.cpuUsage()
  await Promise.all(Array.from({length:c}, async (_,i) => { while (performance.now()-t<3000) await one(c===1?'a':'b'+(i)) }))
  const u=process.cpuUsage(cpu)
  console.log(name, n-n0, 'ops; ms/op', ((performance.now()-t)*1/(n-n0)).toFixed(2), 'cpu', ((u.user+u.system)/1000/(n-n0)).toFixed(2))
  for (const [k,[c2,ms]] of sums) console.log('   ', c2, (ms/c2).toFixed(2), k)
}
await run('c1',1); await run('c1',1); await run('c64 distinct', 64)
await db.destroy()
} finally { await database.stop() }
