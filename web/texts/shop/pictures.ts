import type { Text } from '../common/common.ts'

export const PICTURES = {
  title: { zh: '商品图片', en: 'Pictures' },
  nth: { zh: '第 {n} 张，共 {all} 张', en: 'Picture {n} of {all}' },
} satisfies Record<string, Text>
