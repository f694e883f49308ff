import type { Text } from '../common/common.ts'

/** What customers fill in for a product. */
export const CUSTOM = {
  title: { zh: '定制信息', en: 'Personalization' },
  optional: { zh: '选填', en: 'optional' },
  pick: { zh: '请选择', en: 'Please choose' },
  none: { zh: '不选', en: 'None' },
  characters: { zh: '最多 {max} 个字', en: 'up to {max} characters' },
  charactersBetween: { zh: '{min} 到 {max} 个字', en: '{min} to {max} characters' },
  between: { zh: '{min} 到 {max}', en: '{min} to {max}' },
  atLeast: { zh: '不小于 {min}', en: 'at least {min}' },
  atMost: { zh: '不大于 {max}', en: 'at most {max}' },
  integer: { zh: '整数', en: 'a whole number' },
  link: {
    zh: '以 https:// 开头的图片链接，商家会打开查看',
    en: 'a link to a picture that starts with https://; the shop opens it',
  },
  notNumber: { zh: '{field}：请填写数字', en: '{field}: enter a number' },
} satisfies Record<string, Text>
