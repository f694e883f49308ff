import { isVisible, lengthOf } from './text.ts'

/** Column width, in code points. */
export const PRINCIPAL_ID_MAX = 64

/** Controls, format characters and others that nobody sees. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

/** Scripts that are written together (UTS 39, "highly restrictive"). */
const TOGETHER = [
  /^[\P{L}\p{scx=Latn}\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}]*$/u,
  /^[\P{L}\p{scx=Latn}\p{scx=Hani}\p{scx=Bopo}]*$/u,
  /^[\P{L}\p{scx=Latn}\p{scx=Hani}\p{scx=Hang}]*$/u,
]
const WRITTEN_TOGETHER = /[\p{sc=Latn}\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Hang}]/u
/** Other scripts with letters that look like those of another one. */
const LOOK_ALIKE = [/\p{sc=Cyrl}/u, /\p{sc=Grek}/u, /\p{sc=Armn}/u, /\p{sc=Cher}/u, /\p{sc=Copt}/u]

/**
 * Whether a person or a partner system can have this id. Two ids must not look alike: an id is in its compatibility
 * form (NFKC), visible, without blanks at its ends, and of scripts that are written together.
 */
export const isPrincipalId = (id: string): boolean => isPlainId(id) && lengthOf(id) <= PRINCIPAL_ID_MAX

/** As `isPrincipalId`, of any length. */
export function isPlainId(id: string): boolean {
  const isOneForm = id === id.normalize('NFKC') && id === id.trim()
  return isOneForm && isVisible(id) && !UNSEEN.test(id) && !mixesScripts(id)
}

function mixesScripts(id: string): boolean {
  if (TOGETHER.some((scripts) => scripts.test(id))) return false
  return WRITTEN_TOGETHER.test(id) || LOOK_ALIKE.filter((script) => script.test(id)).length > 1
}
