import { raw } from 'hono/html'

export const STYLE = raw(`
:root { --ground: #f3f4f8; --card: #fff; --ink: #1b1d28; --soft: #5d6275; --line: #e6e8f0; --accent: #4338ca;
  --on: #fff; --good: #0f7a4d; --warn: #8a4b00; --warn-ground: #fff4e0 }
@media (prefers-color-scheme: dark) { :root { --ground: #11121a; --card: #1b1d28; --ink: #f0f1f7; --soft: #a7abbe;
  --line: #2d3040; --accent: #a5b4fc; --on: #14152a; --good: #5dd39e; --warn: #ffc676; --warn-ground: #37280f } }
* { box-sizing: border-box; margin: 0 }
body { min-height: 100dvh; display: flex; flex-direction: column; max-width: 30rem; margin: 0 auto;
  padding: env(safe-area-inset-top) 1rem env(safe-area-inset-bottom); background: var(--ground); color: var(--ink);
  font: 16px/1.5 -apple-system, "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", system-ui, sans-serif }
html { background: var(--ground) }
small { color: var(--soft); font-size: .75em; font-weight: 400 }
header { display: flex; align-items: baseline; gap: .4rem; padding: 1.25rem .25rem }
.badge { margin-left: auto; padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 1rem;
  color: var(--soft); font-size: .75rem }
.card { padding: 2rem 1.25rem 1rem; border-radius: 1.25rem; background: var(--card); text-align: center;
  box-shadow: 0 1px 2px #0001, 0 12px 32px #1b1d2814 }
h1 { font-size: 1rem; font-weight: 600 }
h1 small { display: block }
.amount { margin: .5rem 0; font-size: 3rem; font-weight: 700; line-height: 1.1; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere }
.sign { margin-right: .2rem; font-size: .55em; font-weight: 600 }
.subject { color: var(--soft); overflow-wrap: anywhere }
.mark { width: 4rem; height: 4rem; margin: 0 auto 1rem; border-radius: 50%; background: var(--good); color: var(--card);
  font-size: 2rem; line-height: 4rem }
.closed .mark { background: var(--soft) }
.paid h1, .refunded h1 { color: var(--good) }
.notice { margin: -.75rem 0 1.25rem; padding: .75rem; border-radius: .75rem; background: var(--warn-ground);
  color: var(--warn) }
.notice small { display: block; color: inherit }
dl { margin-top: 1.5rem; text-align: left }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .75rem 0; border-top: 1px solid var(--line) }
dt { flex: none; color: var(--soft) }
dd { text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
.number { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .8em }
#left { font-weight: 600; color: var(--accent) }
footer { position: sticky; bottom: 0; margin-top: auto; padding: 1.5rem 0 1rem; background: var(--ground) }
.primary, .plain { display: block; width: 100%; min-height: 3.25rem; padding: .8rem; border: 0; border-radius: 1rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
.primary { background: var(--accent); color: var(--on) }
.primary small { color: inherit }
.plain { margin-top: .5rem; background: none; color: var(--soft); font-weight: 400 }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.hint { margin-top: .75rem; color: var(--soft); font-size: .75rem; text-align: center }
.hint small { font-size: 1em }
`)

export const TICK = raw(`
const left = document.getElementById('left')
const until = left && Date.parse(left.previousElementSibling.dateTime)
function tick() {
  const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000))
  const two = (n) => String(n).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  left.textContent = seconds === 0 ? '已到期'
    : '剩 ' + (hours ? hours + ':' : '') + two(Math.floor(seconds / 60) % 60) + ':' + two(seconds % 60)
  if (seconds > 0) setTimeout(tick, 500)
}
if (left) tick()
`)
