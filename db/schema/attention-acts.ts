import type { AttentionAction, AttentionKind } from '../../domain/needs-attention.ts'
import type { Id, Stamp } from './columns.ts'

export interface AttentionActsTable {
  id: Id
  kind: AttentionKind
  subject: string
  action: AttentionAction
  reason: string
  actor_id: string
  operation_key: string
  created_at: Stamp
}
