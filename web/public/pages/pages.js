// What pages do beyond plain HTML; everything works without it.

// A form is sent once: the second tap finds the button at rest.
document.addEventListener('submit', (event) => {
  // What opens beside the page leaves its form as it is.
  if (event.submitter?.formTarget === '_blank') return
  const form = event.target
  if (form.dataset.sent) return event.preventDefault()
  form.dataset.sent = '1'
  const button = event.submitter
  if (button) button.setAttribute('aria-busy', 'true')
})
// Back to a page that the browser kept: its forms may be sent again.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) readyAgain()
})
function readyAgain() {
  for (const form of document.forms) delete form.dataset.sent
  for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy')
}

// What was typed and not sent is not lost without a word: <form data-guard>, data-changed where it came back to be mended.
for (const form of document.querySelectorAll('form[data-guard]')) {
  form.addEventListener('input', () => {
    form.dataset.changed = ''
  })
}
window.addEventListener('beforeunload', (event) => {
  if (!document.querySelector('form[data-guard][data-changed]:not([data-sent])')) return
  event.preventDefault()
  // Who stays may send the other form later.
  setTimeout(readyAgain)
})

// What was done is told once, and a return from the cashier happens once: the page loaded again says how it is now.
const here = new URL(location.href)
for (const name of ['done', 'returned', 'go']) {
  if (!here.searchParams.has(name)) continue
  here.searchParams.delete(name)
  history.replaceState(history.state, '', here)
}

// A button says what the chosen radio of a name does: <button data-follows="name">, <input data-says="text">.
for (const button of document.querySelectorAll('button[data-follows]')) {
  const say = () => {
    const chosen = button.form.querySelector(`input[name="${button.dataset.follows}"]:checked`)
    if (chosen?.dataset.says) button.textContent = chosen.dataset.says
  }
  button.form.addEventListener('change', say)
  window.addEventListener('pageshow', say)
}

// Says that the network is gone, and that it is back.
const offline = document.querySelector('.offline')
const sayNetwork = () => {
  if (offline) offline.hidden = navigator.onLine
}
window.addEventListener('online', sayNetwork)
window.addEventListener('offline', sayNetwork)
sayNetwork()

// Counts down to a time: <span data-until="ISO" data-over="text">.
const two = (n) => String(n).padStart(2, '0')
function tick() {
  for (const place of document.querySelectorAll('[data-until]')) {
    const left = Math.max(0, Math.floor((Date.parse(place.dataset.until) - Date.now()) / 1000))
    const hours = Math.floor(left / 3600)
    const text = `${hours > 0 ? `${hours}:` : ''}${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`
    place.textContent = left === 0 ? (place.dataset.over ?? text) : text
  }
}
if (document.querySelector('[data-until]')) tick()
setInterval(tick, 1000)

// What lies over the page closes on Escape, and on a tap beside it: <details data-panel>.
document.addEventListener('keydown', (event) => {
  const panel = document.querySelector('details[data-panel][open]')
  if (event.key !== 'Escape' || !panel) return
  panel.open = false
  panel.querySelector('summary').focus()
})
document.addEventListener('click', (event) => {
  for (const panel of document.querySelectorAll('details[data-panel][open]')) {
    if (!panel.contains(event.target)) panel.open = false
  }
})

// Back to the list as it was left: filtered, and scrolled to where it was. The link leads there anew.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a.back')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !document.referrer) return
  // A tab of its own has nothing to go back to, and a jump within the page would only be undone.
  if (!window.navigation?.canGoBack || location.hash) return
  const from = new URL(document.referrer)
  if (from.origin !== location.origin || from.pathname !== link.pathname) return
  event.preventDefault()
  history.back()
})

// What has to be mended is read out first. In the console what was said comes next, so that the focus is never lost.
const summary = document.querySelector('.summary')
if (summary) summary.focus()
else if (document.body.classList.contains('console') && !document.querySelector('[autofocus]')) {
  const notice = document.querySelector('main .notice:is([role=status], [role=alert])')
  if (notice) {
    notice.tabIndex = -1
    notice.focus()
  }
}

// One key is a click, or the focus of a field: data-key. Not while somebody types, nor with another key.
document.addEventListener('keydown', (event) => {
  const { key, target } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return
  if (target.closest('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]')) return
  const place = document.querySelector(`[data-key="${CSS.escape(key)}"]`)
  if (!place) return
  event.preventDefault()
  if (place.matches('input, textarea, select')) place.focus()
  else place.click()
})
// Ticks all boxes of a form, or none, without loading the page: <a data-ticks>.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-ticks]')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const boxes = [...link.closest('form').querySelectorAll('input[type=checkbox]')]
  const isAll = boxes.every((box) => box.checked)
  for (const box of boxes) box.checked = !isAll
})

// One more and one less beside a number: <button data-step="1" aria-controls="id" hidden>.
for (const button of document.querySelectorAll('[data-step]')) {
  button.hidden = false
  button.addEventListener('click', () => {
    const input = document.getElementById(button.getAttribute('aria-controls'))
    if (button.dataset.step > 0) input.stepUp()
    else input.stepDown()
  })
}

// Shows the picture of the SKU that is chosen: <input type="radio" data-photo="address">.
for (const input of document.querySelectorAll('[data-photo]')) {
  input.addEventListener('change', () => {
    const photo = document.querySelector('.photographed img')
    if (photo) photo.src = input.dataset.photo
  })
}

// Copies a text: <button data-copy="text" data-copied="what it says then">. Styles show it only where this runs.
document.documentElement.dataset.copies = ''
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy]')
  if (button) void copyOf(button)
})
async function copyOf(button) {
  if (!(await copied(button.dataset.copy))) return
  const text = button.textContent
  if (text === button.dataset.copied) return
  button.textContent = button.dataset.copied
  setTimeout(() => {
    button.textContent = text
  }, 2000)
}
async function copied(text) {
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (done) return true
  // Without https, or where that is not allowed, a selection can be copied.
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  return isCopied
}

// Offers the cities of the province, and the districts of the city, that were typed or chosen: <div data-regions="url">.
for (const place of document.querySelectorAll('[data-regions]')) {
  const input = (name) => place.querySelector(`[name=${name}]`)
  const offer = (name, names) => {
    const list = input(name).list
    list.replaceChildren(...names.map((text) => new Option('', text)))
  }
  let regions
  const fill = async () => {
    regions ??= fetch(place.dataset.regions).then((answer) => answer.json())
    const cities = (await regions)[input('province').value.trim()] ?? {}
    const names = Object.keys(cities)
    offer('city', names)
    // 北京市 is its only city.
    if (names.length === 1 && input('city').value === '') input('city').value = names[0]
    offer('district', cities[input('city').value.trim()] ?? [])
  }
  const follow = () => {
    fill().catch(() => {
      regions = undefined
    })
  }
  place.addEventListener('focusin', follow, { once: true })
  for (const name of ['province', 'city']) input(name).addEventListener('input', follow)
}

// Drags an item of a list to another place, and sends where it went: <ol data-arrange>, <li data-id>.
for (const list of document.querySelectorAll('[data-arrange]')) {
  let dragged
  list.addEventListener('pointerdown', (event) => {
    if (!event.target.closest('.handle') || event.button !== 0) return
    dragged = event.target.closest('li')
    dragged.classList.add('dragged')
    list.setPointerCapture(event.pointerId)
    event.preventDefault()
  })
  list.addEventListener('pointermove', (event) => {
    if (!dragged) return
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-arrange] > li')
    if (!over || over === dragged) return
    const box = over.getBoundingClientRect()
    if (event.clientY < box.top + box.height / 2) over.before(dragged)
    else over.after(dragged)
  })
  const drop = () => {
    if (!dragged) return
    dragged.classList.remove('dragged')
    const move = document.createElement('input')
    move.type = 'hidden'
    move.name = 'move'
    move.value = `${dragged.dataset.id},${dragged.nextElementSibling?.dataset.id ?? ''}`
    dragged = undefined
    const form = list.closest('form')
    form.append(move)
    form.requestSubmit()
  }
  list.addEventListener('pointerup', drop)
  list.addEventListener('pointercancel', drop)
}
