import type { Text } from './common.ts'

/** Somebody else has changed what a form shows. */
export const STALE = {
  changed: {
    zh: '你打开之后，这里被改过，刚才什么都没有保存。请逐项选择要留下的内容。',
    en: 'This was changed since you opened it, and nothing was saved. Choose what to keep.',
  },
  changedAlike: {
    zh: '你打开之后，这里被改过，现在与你填写的一致。刚才什么都没有保存。',
    en: 'This was changed since you opened it, to what you have entered. Nothing was saved.',
  },
  saved: { zh: '现在保存的', en: 'Saved now' },
  typed: { zh: '你填写的', en: 'You entered' },
  empty: { zh: '（空）', en: '(empty)' },
  save: { zh: '按选择保存', en: 'Save my choice' },
  discard: { zh: '放弃我的修改', en: 'Discard my changes' },
} satisfies Record<string, Text>
