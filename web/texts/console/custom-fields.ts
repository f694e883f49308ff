import type { CustomKind } from '../../../domain/catalogue/custom-fields.ts'
import type { Text } from '../common/common.ts'

export const CUSTOM_KIND_TEXTS: Readonly<Record<CustomKind, Text>> = {
  text: { zh: '文字', en: 'Text' },
  choice: { zh: '选项', en: 'Choice' },
  number: { zh: '数字', en: 'Number' },
  integer: { zh: '整数', en: 'Whole number' },
  picture: { zh: '图片链接', en: 'Link to a picture' },
}

export const CUSTOM_FIELDS = {
  title: { zh: '定制信息', en: 'Personalization' },
  link: { zh: '编辑顾客要填写的定制信息', en: 'Edit what customers fill in' },
  hint: {
    zh: '顾客兑换时按这里的顺序填写，最多 10 项。已有订单保留下单时的名称和内容。',
    en: 'Customers fill these in when they redeem, in this order; 10 at most. Existing orders keep the names and values they were placed with.',
  },
  one: { zh: '第 {n} 项', en: 'Field {n}' },
  fresh: { zh: '新增一项', en: 'New field' },
  label: { zh: '中文名称', en: 'Chinese name' },
  label_en: { zh: '英文名称', en: 'English name' },
  kind: { zh: '填写方式', en: 'Kind' },
  key: { zh: '接口标识', en: 'Key in the API' },
  keyHint: {
    zh: '小写字母开头，只用小写字母、数字和下划线；留空自动生成',
    en: 'Starts with a lower-case letter; lower-case letters, digits and underscores. Empty: made for you',
  },
  position: { zh: '次序', en: 'Position' },
  mandatory: { zh: '必填', en: 'Required' },
  least: { zh: '下限', en: 'Minimum' },
  most: { zh: '上限', en: 'Maximum' },
  limitHint: {
    zh: '文字按字数，数字按大小；图片链接只有字数上限',
    en: 'Characters of a text or amount of a number; a link has a maximum of characters only',
  },
  choices: { zh: '选项（每行一个）', en: 'Choices, one per line' },
  remove: { zh: '删除这一项', en: 'Delete this field' },
  more: { zh: '保存后可以继续添加。', en: 'Save to add more.' },
  schema: { zh: '接口看到的 JSON Schema', en: 'The JSON Schema in the API' },
  save: { zh: '保存定制信息', en: 'Save' },
  stale: {
    zh: '别人刚刚改过这件商品，请核对后再保存。',
    en: 'Somebody else has changed this product. Check it and save again.',
  },
  number: { zh: '{field}：请填写数字', en: '{field}: enter a number' },
  choicesOnly: { zh: '{field}：只有“选项”才填', en: '{field}: only for a choice' },
  limitsOnly: { zh: '{field}：这种填写方式没有这项限制', en: '{field}: this kind has no such limit' },
} satisfies Record<string, Text>
