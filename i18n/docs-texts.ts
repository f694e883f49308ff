import type { Lang } from './error-texts.ts'

/** The page around Swagger UI, which itself is in English, as the document is. */
export const DOCS_TEXTS: Readonly<Record<Lang, { readonly title: string; readonly note: string }>> = {
  zh: {
    title: '积分商城 API 文档',
    note: '接口说明为英文。错误提示与时间线等文字，接口按 Accept-Language 返回中文或英文。需要 JavaScript；文档本身：',
  },
  en: {
    title: 'Points Mall API',
    note: 'The API answers errors, timelines and other texts in Chinese or English, as Accept-Language asks. Needs JavaScript; the document itself:',
  },
}
