import { readFileSync } from 'node:fs'
import { startDatabase } from '../tests/database.ts'
import pg from 'pg'
const database = await startDatabase()
try {
const cl = new pg.Client({ connectionString: database.url }); await cl.connect()
const pid = (await cl.query('select pg_backend_pid() as p')).rows[0].p
const cpu = () => { const f=readFileSync(`/proc/${pid}/stat`,'utf8').split(' '); return (Number(f[13])+Number(f[14]))*10 }
await cl.query(`insert into wallet_accounts (owner_id,currency,version,kid,sealed,head) values ('a','ZJF',0,'k',decode(repeat('00',156),'hex'),decode(repeat('00',32),'hex'))`)
const text=`with moved as (
      insert into wallet_transfers (operation_key, kind, from_account, to_account, order_no, reason, operator_id)
      values ($1, $2, $3, $4, $5, $6, $7) on conflict (operation_key) do nothing returning operation_key),
    changed as (
      update wallet_accounts set version = $8, kid = $9, head = $10,
        sealed = $11, next_expiry = $12, updated_at = now()
      from moved where id = $13 and version = $14 returning id),
    written as (
      insert into wallet_entries (account_id, version, operation_key, kid, sealed, mac)
      select changed.id, $15, moved.operation_key, $16,
        $17, $18 from changed, moved returning version)
    select exists (select from moved) as moved, exists (select from written) as written`
const b=Buffer.alloc(32), s=Buffer.alloc(156)
let v=0
const post=(name?:string)=>{ const r=cl.query({...(name?{name}:{}), text, values:['k'+v,'grant','a','b',null,null,null,String(v+1),'k',b,s,null,'1',String(v),String(v+1),'k',s,b]}); v++; return r }
const look=(name?:string)=>cl.query({...(name?{name}:{}), text:`select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry, clock_timestamp() as now from wallet_accounts where owner_type = 'user' and owner_id = $1 and currency = $2 for no key update`, values:['a','ZJF']})
const N=1000
for (const [n,f] of [['post',()=>post()],['post named',()=>post('p')],['look',()=>look()],['look named',()=>look('l')],['select 1',()=>cl.query('select 1')]] as const) for (let round=0;round<2;round++) { await cl.query('begin'); const c=cpu(), t=performance.now(), nc=process.cpuUsage(); for(let i=0;i<N;i++) { await f(); if(i%50===49){await cl.query('commit');await cl.query('begin')} } const u=process.cpuUsage(nc); console.log(n, 'pg cpu ms', ((cpu()-c)/N).toFixed(3), 'wall', ((performance.now()-t)/N).toFixed(3), 'node cpu', ((u.user+u.system)/1000/N).toFixed(3)); await cl.query('commit') }
await cl.end()
} finally { await database.stop() }
