import { type Kysely, sql } from 'kysely'

/** Events for other systems: numbered within their order or owner. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table event_sequences (
    lane varchar(80) primary key,
    last bigint not null
  )`,
  `alter table outbox add column lane varchar(80), add column sequence bigint, alter column owner_id drop not null`,
  `update outbox o set lane = 'owner/' || owner_id, sequence = n.sequence
    from (select id, row_number() over (partition by owner_id order by id) as sequence from outbox) n
    where n.id = o.id`,
  `insert into event_sequences (lane, last) select lane, max(sequence) from outbox group by lane`,
  `alter table outbox alter column lane set not null, alter column sequence set not null`,
  `create unique index outbox_lane on outbox (lane, sequence)`,
]
