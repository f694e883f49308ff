import { html } from 'hono/html'
import type { WebContext } from '../shared/deps.ts'
import type { Html } from '../shared/page.ts'
import { textsIn } from '../texts/common/common.ts'
import { STALE as T } from '../texts/common/stale.ts'
import { type Form, formFields } from './form.ts'
import { radioGroup } from './radio-group.ts'

/** Hidden field: the version that the form was filled from. */
export const versionField = (version: string): Html =>
  html`<input type="hidden" name="version" value="${version}">`

/** The version that a form was filled from; undefined: it names none. */
export const versionsOf = ({ version }: Form): readonly string[] | undefined =>
  version === undefined || version === '' ? undefined : [version]

const USE = /^use_(\w{1,64})$/

interface Stale {
  readonly action: string
  /** What was typed. */
  readonly form: Form
  /** What is saved now, by field, and its version. */
  readonly saved: Form
  readonly version: string
  readonly label: (field: string) => string
  /** A value as people read it; default: as it is. */
  readonly value?: (field: string, value: string) => string
}

/** Fields that differ. A form without a field says nothing of it. */
export const differing = (form: Form, saved: Form): string[] =>
  Object.keys(saved).filter((name) => form[name] !== undefined && lines(form[name]) !== lines(saved[name]))

const lines = (text = '') => text.replaceAll('\r\n', '\n')

/**
 * A form that was filled from an earlier version: of each field that differs, the value that is saved now and the one
 * that was typed. Nothing is chosen for the operator.
 */
export function staleForm(c: WebContext, { action, form, saved, version, label, value }: Stale): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const read = value ?? ((_: string, text: string) => text)
  const shown = (name: string, text: string) => (text === '' ? t(T.empty) : read(name, text))
  const option = (name: string, use: 'saved' | 'typed', text: string) => ({
    value: use,
    text: {
      zh: `${T[use].zh}：${shown(name, text)}`,
      en: `${T[use].en}: ${shown(name, text)}`,
    },
  })
  const names = differing(form, saved)
  const hidden = Object.entries(form).filter(([name]) => !['once', 'form_for', 'version'].includes(name))
  return html`<form method="post" action="${action}" class="card stack narrow">
    ${formFields(c)}${versionField(version)}
    ${hidden.map(([name, text]) => html`<input type="hidden" name="${name}" value="${text}">`)}
    <p class="notice warn" role="alert">${t(names.length > 0 ? T.changed : T.changedAlike)}</p>
    ${names.map((name) =>
      radioGroup(
        `use_${name}`,
        label(name),
        [option(name, 'saved', saved[name] ?? ''), option(name, 'typed', form[name] ?? '')],
        { chosen: undefined },
        lang,
      ),
    )}
    <div class="row"><button>${t(T.save)}</button><a class="button plain" href="${action}">${t(T.discard)}</a></div>
  </form>`
}

/** Applies the choices of `staleForm`. */
export function chosenIn(form: Form, saved: Form): Form {
  const chosen = Object.entries(form).flatMap(([name, use]) => {
    const field = USE.exec(name)?.[1]
    return use === 'saved' && field !== undefined && saved[field] !== undefined ? [[field, saved[field]]] : []
  })
  const typed = Object.entries(form).filter(([name]) => !USE.test(name))
  return Object.fromEntries([...typed, ...chosen])
}
