import { connectDatabase } from '/tmp/wt/db/client.ts'
import { createVault } from '/tmp/wt/db/vault.ts'
import { grant } from '/tmp/wt/db/wallet.ts'
import { startDatabase } from '/tmp/wt/tests/database.ts'
import { execFileSync } from 'node:child_process'
import { Client } from 'pg'
const database = await startDatabase()
try {
const vault = createVault([{ id: 'b1', key: Buffer.alloc(32, 'k') }])
const db = connectDatabase(database.url, 64)
execFileSync('/usr/lib/postgresql/15/bin/pgbench', ['-i','-q',database.url], {stdio:'ignore'})
for (const c of ['1','64']) console.log('pgbench', c, /tps = .*/.exec(execFileSync('/usr/lib/postgresql/15/bin/pgbench', ['-n','-N','-c',c,'-T','3',database.url], {encoding:'utf8',stdio:['ignore','pipe','ignore']}))?.[0])
let n=0
const one = () => db.transaction().execute((tx) => grant(tx, vault, 'a', 'ZJF', 1n, null, { operationKey: 'k'+(n++) }))
await one()
for (const c of [1,2,4,16,64]) {
  const n0=n, t=performance.now(), cpu=process.cpuUsage()
  await Promise.all(Array.from({length:c}, async () => { while (performance.now()-t<3000) await one() }))
  const u=process.cpuUsage(cpu)
  console.log(c, ((n-n0)/((performance.now()-t)/1000)).toFixed(0)+'/s', 'node cpu ms/op', ((u.user+u.system)/1000/(n-n0)).toFixed(2))
}
// crypto cost
const lots=[[null,'1']]; let t=performance.now(); for(let i=0;i<5000;i++){vault.seal('user/a/ZJF','x|'+i,{lots,holds:[],debt:'0',frozen:null})} console.log('seal us', (performance.now()-t)/5)
await db.destroy()
// statement times
const cl = new Client({connectionString: database.url}); await cl.connect()
const time = async (name:string, f:()=>Promise<unknown>) => { await f(); const t=performance.now(); for(let i=0;i<200;i++) await f(); console.log(name, ((performance.now()-t)/200).toFixed(3),'ms') }
await time('select 1', () => cl.query('select 1'))
await time('begin+commit', async () => { await cl.query('begin'); await cl.query('commit')})
await time('lock', async () => { await cl.query('select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, clock_timestamp() as now from wallet_accounts where owner_type=$1 and owner_id=$2 and currency=$3 for no key update',['user','a','ZJF'])})
await time('lock named', async () => { await cl.query({name:'x',text:'select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, clock_timestamp() as now from wallet_accounts where owner_type=$1 and owner_id=$2 and currency=$3 for no key update',values:['user','a','ZJF']})})
await cl.end()
} finally { await database.stop() }
