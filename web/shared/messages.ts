import { html } from 'hono/html'
import type { MessageView } from '../../application/orders/messages.ts'
import type { MessageSender } from '../../domain/orders/messages.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { textsIn } from '../texts/common/common.ts'
import { MESSAGES as T } from '../texts/common/messages.ts'
import { time } from './format.ts'
import type { Html } from './page.ts'

/** Oldest first. @param messages newest first */
export function messageList(messages: readonly MessageView[], reader: MessageSender, lang: Lang): Html {
  const t = textsIn(lang)
  const nameOf = ({ from, by }: MessageView) => {
    if (reader === 'shop') return from === 'shop' ? by : t(T.customer)
    return t(from === 'customer' ? T.you : T.shop)
  }
  return html`<ol class="messages">${messages.toReversed().map(
    (message) => html`<li class="${message.from === reader ? 'mine' : ''}">
      <p class="small muted"><strong>${nameOf(message)}</strong> ${time(message.at, lang)}</p>
      <p class="said">${message.text}</p>
    </li>`,
  )}</ol>`
}
