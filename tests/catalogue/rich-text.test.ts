import { expect, test } from 'vitest'
import { richMarkup } from '../../web/shared/rich-text.ts'

/** Descriptions are a subset of Markdown, and never HTML of whoever wrote them. */

const HOSTS = ['cdn.shop.example']
const html = (text: string) => richMarkup(text, HOSTS).trim()

test.each([
  ['**可机洗**，不褪色', '<p><strong>可机洗</strong>，不褪色</p>'],
  ['本品**可机洗**。', '<p>本品<strong>可机洗</strong>。</p>'],
  ['# 尺寸\n## 大号', '<h3>尺寸</h3>\n<h4>大号</h4>'],
  ['###### 小', '<h6>小</h6>'],
  ['- 红\n- 蓝', '<ul>\n<li>红</li>\n<li>蓝</li>\n</ul>'],
  ['1. 打开\n2. 使用', '<ol>\n<li>打开</li>\n<li>使用</li>\n</ol>'],
  ['> 引用', '<blockquote>\n<p>引用</p>\n</blockquote>'],
  [
    '[官网](https://shop.example/a?b=1&c=2)',
    '<p><a href="https://shop.example/a?b=1&amp;c=2" rel="noopener nofollow">官网</a></p>',
  ],
  ['![正面](/assets/pictures/a.png)', '<p><img src="/assets/pictures/a.png" alt="正面" loading="lazy"></p>'],
  [
    '![正面](https://cdn.shop.example/a.png)',
    '<p><img src="https://cdn.shop.example/a.png" alt="正面" loading="lazy"></p>',
  ],
])('%s is formatted', (text, expected) => {
  expect(html(text)).toBe(expected)
})

test.each([
  ['一行\n两行\n\n三行', '<p>一行<br>\n两行</p>\n<p>三行</p>'],
  ['`10*20*30` 和 10*2*3', '<p><code>10*20*30</code> 和 10*2*3</p>'],
  ['尺寸：10*20*30cm，5*6', '<p>尺寸：10*20*30cm，5*6</p>'],
  ['型号 AB_12_CD，&amp; 100%', '<p>型号 AB_12_CD，&amp;amp; 100%</p>'],
  ['#标签 不是标题', '<p>#标签 不是标题</p>'],
  ['价格\n---\n以页面为准', '<p>价格</p>\n<hr>\n<p>以页面为准</p>'],
  ['    缩进也是正文', '<p>缩进也是正文</p>'],
  ['[1] 见说明 https://shop.example', '<p>[1] 见说明 https://shop.example</p>'],
])('plain text stays plain text: %s', (text, expected) => {
  expect(html(text)).toBe(expected)
})

const ATTACKS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<style>*{background:url(https://evil.example)}</style>',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](java\nscript:alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](<javascript:alert(1)>)',
  '[x](data:text/html;base64,PHNjcmlwdD4=)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '[x](//evil.example)',
  '[x](https://a.example" onclick="alert(1))',
  '[x](https://a.example "title" onclick=alert(1))',
  "[x](https://a.example' onmouseover='alert(1))",
  '[<img src=x onerror=alert(1)>](https://a.example)',
  '![x](javascript:alert(1))',
  '![x](https://evil.example/track.png)',
  '![x](http://cdn.shop.example/a.png)',
  '![x](//evil.example/a.png)',
  '![x](data:image/svg+xml;base64,PHN2Zz4=)',
  '![" onerror="alert(1)](/assets/pictures/a.png)',
  '![<script>alert(1)</script>](/assets/pictures/a.png)',
  '![x](/assets/pictures/a.png" onerror="alert(1))',
  '<javascript:alert(1)>',
  '[x]: javascript:alert(1)\n\n[x]',
  '`<script>alert(1)</script>`',
  '> <script>alert(1)</script>',
  '# <img src=x onerror=alert(1)>',
  '**<img src=x onerror=alert(1)>**',
  '```\n<script>alert(1)</script>\n```',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
]

/** All that a description may be made of. */
const TAG = /^<\/?(p|br|h[3-6]|ul|ol|li|blockquote|hr|em|strong|code)>$|^<ol start="\d+">$/
const LINK = /^<a href="https?:\/\/[^"<>]*"( title="[^"<>]*")? rel="noopener nofollow">$|^<\/a>$/
const PICTURE =
  /^<img src="(\/[\w./%-]+|https:\/\/cdn\.shop\.example\/[^"<>]*)" alt="[^"<>]*" loading="lazy">$/

test.each(ATTACKS)('%s has no tag, attribute or address of its own', (text) => {
  for (const one of [text, `**a**\n\n${text}`, `- ${text}`, `[a](https://a.example)${text}`]) {
    const made = html(one)
    for (const [tag] of made.matchAll(/<[^>]*>?/g)) {
      expect(TAG.test(tag) || LINK.test(tag) || PICTURE.test(tag), `${tag} in ${made}`).toBe(true)
    }
  }
})

test.each([
  ['*'.repeat(10_000)],
  ['['.repeat(10_000)],
  ['> '.repeat(5_000)],
  ['- '.repeat(5_000)],
  ['`'.repeat(10_000)],
  ['![]('.repeat(2_500)],
  ['**a '.repeat(2_500)],
])('a text of 10,000 characters that nests or repeats is rendered', (text) => {
  expect(html(text).length).toBeGreaterThan(0)
})
