import { html } from 'hono/html'
import type { Html } from './page.ts'

export function interpolateText(text: string, places: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_whole, part: string) => places[part] ?? '')
}

export function interpolate(text: string, places: Readonly<Record<string, Html | string>>): Html {
  const parts = text.split(/\{(\w+)\}/)
  return html`${parts.map((part, n) => (n % 2 === 0 ? part : (places[part] ?? '')))}`
}
