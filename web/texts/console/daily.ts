import type { AcceptResult } from '../../../application/orders/accept-batch.ts'
import type { Text } from '../common/common.ts'

export const SELECTED = {
  one: { zh: '选择 {order}', en: 'Select {order}' },
  all: { zh: '全选本页', en: 'Select all on this page' },
  none: { zh: '取消全选', en: 'Clear the selection' },
  accept: { zh: '接单', en: 'Accept' },
  slips: { zh: '打印发货单', en: 'Print packing slips' },
  actions: { zh: '对选中的订单', en: 'With the selected orders' },
  nothing: { zh: '请先勾选订单。', en: 'Select orders first.' },
  results: { zh: '接单结果', en: 'Result of accepting' },
  toShip: { zh: '逐单发货', en: 'Ship one by one' },
  back: { zh: '返回订单', en: 'Back to the orders' },
  order: { zh: '订单', en: 'Order' },
  result: { zh: '结果', en: 'Result' },
  why: { zh: '原因', en: 'Reason' },
} satisfies Record<string, Text>

export const ACCEPT_TEXTS: Readonly<Record<AcceptResult['result'], Text>> = {
  accepted: { zh: '已接单', en: 'Accepted' },
  already_accepted: { zh: '之前已接单', en: 'Accepted before' },
  pending: { zh: '处理中', en: 'In progress' },
  not_tried: { zh: '没有处理，请重新提交', en: 'Not tried, send again' },
  refused: { zh: '不能接单', en: 'Not accepted' },
}

export const QUEUE = {
  title: { zh: '逐单发货', en: 'Ship one by one' },
  waiting: { zh: '还有 {n} 笔待发货，最早的在前。', en: '{n} to ship, the oldest first.' },
  hint: {
    zh: '输入运单号后按回车键发货，接着显示下一笔。快递公司会记住。',
    en: 'Type the number and press Enter: the order ships, and the next one is shown. The carrier is remembered.',
  },
  empty: { zh: '没有待发货的订单', en: 'Nothing to ship' },
  emptySkipped: {
    zh: '没有更多了，前面跳过的还在。',
    en: 'No more. Those that you skipped are still there.',
  },
  restart: { zh: '从最早的一笔开始', en: 'Start at the oldest' },
  ship: { zh: '发货，看下一笔', en: 'Ship, and show the next' },
  skip: { zh: '跳过', en: 'Skip' },
  done: { zh: '已发货：{order}', en: 'Shipped: {order}' },
  pending: {
    zh: '已提交，还在处理：{order}。不必重新提交。',
    en: 'Submitted and still in progress: {order}. There is no need to submit it again.',
  },
  gone: { zh: '这笔订单现在不能发货。', en: 'This order cannot be shipped now.' },
  next: { zh: '看下一笔', en: 'Show the next' },
  quantity: { zh: '件数', en: 'Quantity' },
  back: { zh: '返回订单', en: 'Back to the orders' },
} satisfies Record<string, Text>

export const ORDER_TABS = {
  label: { zh: '常用筛选', en: 'Views' },
  all: { zh: '全部', en: 'All' },
  to_accept: { zh: '待接单', en: 'To accept' },
  to_ship: { zh: '待发货', en: 'To ship' },
  attention: { zh: '需要处理', en: 'Needs attention' },
} satisfies Record<string, Text>

export const SHORTCUTS = {
  title: { zh: '快捷键', en: 'Shortcuts' },
  hint: {
    zh: '按一个键即可，在输入框里输入时不起作用。',
    en: 'One key each. They do nothing while you type in a field.',
  },
  key: { zh: '按键', en: 'Key' },
  what: { zh: '作用', en: 'What it does' },
  isOn: { zh: '快捷键已启用。', en: 'Shortcuts are on.' },
  isOff: { zh: '快捷键已停用。', en: 'Shortcuts are off.' },
  turnOff: { zh: '停用快捷键', en: 'Turn shortcuts off' },
  turnOn: { zh: '启用快捷键', en: 'Turn shortcuts on' },
  here: { zh: '设置只对这个浏览器有效。', en: 'The setting is for this browser only.' },
} satisfies Record<string, Text>

/** What each key does; pages without its target ignore the key. */
export const KEY_TEXTS = {
  t: { zh: '今日', en: 'Today' },
  o: { zh: '订单列表', en: 'Orders' },
  p: { zh: '商品列表', en: 'Products' },
  '1': {
    zh: '订单列表的第 1 个常用筛选，2 到 9 依此类推',
    en: 'The first view of the orders; 2 to 9: the others',
  },
  '/': { zh: '查找框', en: 'The search field' },
  x: { zh: '全选本页的订单，再按取消', en: 'Select all orders of the page; again: none' },
  a: { zh: '对选中的订单接单', en: 'Accept the selected orders' },
  s: { zh: '逐单发货', en: 'Ship one by one' },
  n: { zh: '逐单发货时跳过这一笔', en: 'Skip an order when shipping one by one' },
  '?': { zh: '这张表', en: 'This table' },
} as const satisfies Record<string, Text>

export const VIEWS = {
  save: { zh: '把这些条件存为常用筛选', en: 'Save this filter as a view' },
  name: { zh: '名称', en: 'Name' },
  hint: {
    zh: '只有你能看到；把地址发给同事也能打开。查找框里的内容不保存。',
    en: 'Only you see it; colleagues can open its address. Words of the search field are not saved.',
  },
  saveDo: { zh: '保存', en: 'Save' },
  remove: { zh: '删除这个常用筛选', en: 'Delete this view' },
  saved: { zh: '已保存。', en: 'Saved.' },
  removed: { zh: '已删除。', en: 'Deleted.' },
  full: { zh: '最多保存 {n} 个，请先删除一个。', en: 'There are {n} views already. Delete one first.' },
  wrong: { zh: '请填写名称，最多 40 个字。', en: 'Enter a name of at most 40 characters.' },
} satisfies Record<string, Text>

export const PREVIEW = {
  title: { zh: '预览', en: 'Preview' },
  look: { zh: '预览商品介绍', en: 'Preview the description' },
  hint: {
    zh: '这是顾客会看到的样子，还没有保存。关闭这个页面继续编辑。',
    en: 'This is what customers will see. Nothing is saved: close this page to go on editing.',
  },
  about: { zh: '商品介绍', en: 'Description' },
  empty: { zh: '还没有填写。', en: 'Nothing was entered.' },
  format: {
    zh: '可用 Markdown：# 标题、**加粗**、- 列表、1. 编号、> 引用、[文字](https://…)、![说明](/assets/pictures/…)。其他网站的图片不显示。',
    en: 'Markdown: # heading, **bold**, - list, 1. numbers, > quote, [text](https://…), ![text](/assets/pictures/…). Pictures of other sites are not shown.',
  },
} satisfies Record<string, Text>

export const ARRANGE = {
  title: { zh: '商品排序', en: 'Order of products' },
  hint: {
    zh: '商城默认按这个顺序展示，最前面的 {n} 件可以调整。拖动左边的把手，或者用按钮。',
    en: 'The shop shows products in this order unless customers choose another. The first {n} can be moved: drag them by the handle, or use the buttons.',
  },
  empty: { zh: '没有上架的商品', en: 'No published products' },
  up: { zh: '上移 {title}', en: 'Move {title} up' },
  down: { zh: '下移 {title}', en: 'Move {title} down' },
  top: { zh: '置顶 {title}', en: 'Move {title} to the top' },
  moved: { zh: '已移动：{title}', en: 'Moved: {title}' },
  gone: {
    zh: '商品已不在这个列表里，顺序没有改变。',
    en: 'The product is no longer in this list. The order was not changed.',
  },
} satisfies Record<string, Text>

export const GALLERY = {
  title: { zh: '更多图片', en: 'More pictures' },
  add: { zh: '添加图片', en: 'Add a picture' },
  alt: { zh: '图片说明', en: 'What the picture shows' },
  altHint: {
    zh: '读屏软件会读出来，例如“侧面，按钮在右边”。',
    en: 'Read aloud by screen readers, such as “side view, buttons on the right”.',
  },
  altOf: { zh: '第 {n} 张的说明', en: 'What picture {n} shows' },
  up: { zh: '第 {n} 张前移', en: 'Move picture {n} forward' },
  remove: { zh: '移除', en: 'Remove' },
  removeOf: { zh: '移除第 {n} 张', en: 'Remove picture {n}' },
  save: { zh: '保存说明', en: 'Save the texts' },
  full: { zh: '最多 9 张。', en: 'There can be 9 of them.' },
} satisfies Record<string, Text>
