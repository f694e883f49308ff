import { raw } from 'hono/html'
import MarkdownIt from 'markdown-it'
import { imageAddress } from '../../domain/catalogue/image.ts'
import type { WebDeps } from './deps.ts'
import type { Html } from './page.ts'

/**
 * Descriptions are a subset of Markdown: paragraphs, headings, lists, quotes, lines, emphasis, code, links and pictures.
 * HTML is text. What is plain text keeps its lines.
 */

const RULES = [
  'heading',
  'list',
  'blockquote',
  'hr',
  'newline',
  'escape',
  'emphasis',
  'backticks',
  'link',
  'image',
]
/** The page's own headings are h1 and h2. */
const HEADING_SHIFT = 2

type Renderer = ReturnType<typeof MarkdownIt>

const isWeb = (address: string): boolean => {
  const protocol = URL.parse(address)?.protocol
  return protocol === 'https:' || protocol === 'http:'
}

function createRenderer(imageHosts: readonly string[]): Renderer {
  const markdown = new MarkdownIt('zero', { html: false, breaks: true }).enable(RULES)
  // The same check is for links and pictures: the renderers below tell them apart.
  markdown.validateLink = (address) => isWeb(address) || imageAddress(address, imageHosts) !== undefined
  markdown.core.ruler.push('shift_headings', ({ tokens }) => {
    for (const token of tokens.filter(({ type }) => type.startsWith('heading_'))) {
      token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + HEADING_SHIFT)}`
    }
  })
  const { rules } = markdown.renderer
  // A size in code has no emphasis to escape.
  rules.code_inline = (tokens, n) =>
    `<code>${markdown.utils.escapeHtml((tokens[n]?.content ?? '').replaceAll('\\*', '*'))}</code>`
  rules.link_open = (tokens, n, options, _env, self) => {
    tokens[n]?.attrSet('rel', 'noopener nofollow')
    return self.renderToken(tokens, n, options)
  }
  // A picture elsewhere would tell that host who looks at it; only its text is shown.
  rules.image = (tokens, n, options, env, self) => {
    const token = tokens[n]
    if (!token) return ''
    const text = markdown.utils.escapeHtml(self.renderInlineAsText(token.children ?? [], options, env))
    const address = imageAddress(`${token.attrGet('src') ?? ''}`, imageHosts)
    if (address === undefined) return text
    return `<img src="${markdown.utils.escapeHtml(address)}" alt="${text}" loading="lazy">`
  }
  return markdown
}

const renderers = new Map<string, Renderer>()

/** `10*20*30` is a size, not emphasis. */
const withSizes = (text: string): string => text.replace(/(?<=[0-9A-Za-z])\*(?=[0-9A-Za-z])/g, '\\*')

/** @param imageHosts whose pictures the pages show, besides our own @returns HTML */
export function richMarkup(text: string, imageHosts: readonly string[]): string {
  const key = imageHosts.join(' ')
  const renderer = renderers.get(key) ?? createRenderer(imageHosts)
  renderers.set(key, renderer)
  return renderer.render(withSizes(text))
}

export const richText = (text: string, { imageHosts }: Pick<WebDeps, 'imageHosts'>): Html =>
  raw(richMarkup(text, imageHosts))
