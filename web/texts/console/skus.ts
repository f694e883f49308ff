import type { Text } from '../common/common.ts'

export const SKUS = {
  title: { zh: '规格与库存', en: 'SKUs' },
  link: { zh: '编辑规格与库存', en: 'Edit SKUs' },
  hint: {
    zh: '每种规格有自己的积分、价格和库存，填写方式如「颜色：红；尺码：L」。只有一种时不用填规格。',
    en: 'Each SKU has its own points, price and stock. Write its specification like “Color: red; Size: L”. A single SKU needs none.',
  },
  perSku: {
    zh: '这件商品有 {n} 种规格，积分、价格和库存在规格里修改。',
    en: 'This product has {n} SKUs. Change points, prices and stock there.',
  },
  specs: { zh: '规格', en: 'Specification' },
  point: { zh: '积分单价', en: 'Points each' },
  price: { zh: '现金单价（元）', en: 'Cash each (CNY)' },
  stock: { zh: '初始库存', en: 'Stock to begin with' },
  change: { zh: '库存增减', en: 'Change of stock' },
  now: { zh: '现有 {n} 件', en: '{n} now' },
  image: { zh: '图片地址', en: 'Picture address' },
  pictures: { zh: '规格图片', en: 'Pictures of SKUs' },
  picturesHint: {
    zh: '没有自己图片的规格显示商品图片。上传前先保存上面的修改。',
    en: 'An SKU without a picture shows that of the product. Save the changes above before you upload.',
  },
  pictureOf: { zh: '「{sku}」的图片', en: 'Picture of {sku}' },
  remove: { zh: '删除这种规格', en: 'Delete this SKU' },
  one: { zh: '规格 {n}', en: 'SKU {n}' },
  fresh: { zh: '新规格', en: 'New SKU' },
  more: { zh: '保存后可以继续添加。', en: 'Save to add more.' },
  format: {
    zh: '{field}：写成「名称：内容」，多项用分号分开',
    en: '{field}: write “Name: value”, separated by semicolons',
  },
  save: { zh: '保存规格', en: 'Save' },
  stale: {
    zh: '别人刚刚改过这件商品，请核对后再保存。',
    en: 'Somebody else has changed this product. Check it and save again.',
  },
} satisfies Record<string, Text>
