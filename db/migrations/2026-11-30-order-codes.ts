import { type Kysely, sql } from 'kysely'

/** Notes of order events, and why an order needs somebody: codes with data, where sentences stood. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // What an event is of stands in its key. Only cancellations bear the words of people, who may say anything.
  `alter table order_events alter column note type jsonb using case
    when note is null then null
    when event_key like 'declined/%' then '{"code": "payment_declined"}'
    when event_key like 'refunded/%' then '{"code": "refunded"}'
    when event_key like 'settled/%' then '{"code": "refund_settled_by_hand"}'
    when event_key like 'refund/%' and note like 'refund in part: %' then
      jsonb_build_object('code', 'refunded_in_part', 'data',
        jsonb_build_object('reason', substr(note, length('refund in part: ') + 1)))
    when event_key like 'refund/%' then '{"code": "payment_not_due"}'
    when event_key = 'order_finished' and note = 'auto_confirm' then '{"code": "auto_confirm"}'
    when event_key = 'order_canceled' and (actor_type = 'system' or note in ('payment_timeout',
        'canceled_by_customer', 'canceled_by_operator', 'canceled_by_order_domain')) then
      jsonb_build_object('code', 'canceled', 'data', jsonb_build_object('cause', note))
    when event_key = 'order_canceled' then
      jsonb_build_object('code', 'canceled_with_words', 'data', jsonb_build_object('words', note))
    else jsonb_build_object('code', 'other', 'data', jsonb_build_object('words', note)) end`,
  `alter table order_events add constraint note_has_code
    check (note is null or coalesce(jsonb_typeof(note -> 'code') = 'string', false))`,

  `alter table points_exchange_orders alter column needs_attention type jsonb using case
    when needs_attention is null then null
    when needs_attention ~ '^(refund|late money|payment|exchange|attempt|points|stock): ' then
      jsonb_build_object('code', replace(split_part(needs_attention, ': ', 1), ' ', '_'), 'data',
        jsonb_build_object('said', substr(needs_attention, strpos(needs_attention, ': ') + 2)))
    else jsonb_build_object('code', 'other', 'data', jsonb_build_object('said', needs_attention)) end`,
  `alter table points_exchange_orders add constraint needs_attention_has_code
    check (needs_attention is null or coalesce(jsonb_typeof(needs_attention -> 'code') = 'string', false))`,
]
