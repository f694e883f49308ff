import type { Text } from '../common/common.ts'

export const DESK = {
  title: { zh: '内部备注', en: 'Internal notes' },
  hint: { zh: '只有工作人员能看到，写下后不能修改。', en: 'Staff only. Notes cannot be changed.' },
  none: { zh: '还没有备注', en: 'No notes yet' },
  text: { zh: '备注内容', en: 'Note' },
  add: { zh: '添加备注', en: 'Add the note' },
  assignee: { zh: '负责人', en: 'Assignee' },
  nobody: { zh: '没有指定', en: 'Nobody' },
  assignToMe: { zh: '由我负责', en: 'Assign to me' },
  unassign: { zh: '取消指定', en: 'Unassign' },
  assigned: { zh: '指定 {who} 负责', en: 'Assigned to {who}' },
  unassigned: { zh: '取消了负责人', en: 'Unassigned' },
  back: { zh: '返回订单', en: 'Back to the order' },
  tooMany: { zh: '这笔订单的备注已达上限。', en: 'This order has reached its limit of notes.' },
  notYet: { zh: '订单还没有生成，暂时不能备注。', en: 'The order is not placed yet.' },
} satisfies Record<string, Text>
