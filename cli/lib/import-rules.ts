/** `.dependency-cruiser.cjs` reads these rules; docs/architecture.md repeats them as a table. */

export interface RoomImports {
  /** Folders end with a slash; everything else is a file. */
  readonly values?: readonly string[]
  /** Type-only imports. */
  readonly types?: readonly string[]
}

/** A module may import itself and what is listed, nothing else. */
export const ROOM_IMPORTS: Readonly<Record<string, RoomImports | 'anything'>> = {
  domain: {},
  i18n: { values: ['domain/'] },
  config: {
    values: [
      'domain/access.ts',
      'domain/messaging/deliveries.ts',
      'domain/messaging/events.ts',
      'domain/payments/method.ts',
    ],
  },
  db: { values: ['domain/'] },
  payments: { values: ['domain/'] },
  wallets: { values: ['domain/', 'partners/signed-request.ts'] },
  tracking: { values: ['domain/'] },
  partners: { values: ['domain/'] },
  suppliers: { values: ['partners/signed-request.ts'] },
  activities: {
    values: ['domain/', 'i18n/', 'db/', 'payments/', 'wallets/', 'partners/', 'suppliers/'],
  },
  workflows: { values: ['domain/'], types: ['activities/'] },
  application: {
    values: ['domain/', 'i18n/', 'db/', 'partners/port.ts', 'workflows/messages.ts'],
    types: ['payments/port.ts', 'wallets/port.ts', 'tracking/port.ts', 'suppliers/port.ts'],
  },
  api: {
    values: ['domain/', 'i18n/', 'application/', 'web/'],
    types: ['db/', 'payments/port.ts', 'tracking/port.ts', 'workflows/messages.ts', 'config/index.ts'],
  },
  web: { values: ['domain/', 'i18n/', 'application/'] },
  sandbox: { values: ['domain/money.ts', 'domain/payments/method.ts', 'config/index.ts'] },
  cli: 'anything',
}

/** Programs outside `cli/` that may import everything, including the configuration. */
export const COMPOSITION_ROOTS = ['worker.ts', 'api/server.ts', 'sandbox/server.ts']

export const TOP_LEVEL = ['worker.ts']

export const OUTSIDE = ['tests', 'bench', 'chaos']

const shown = (path: string) => (path.endsWith('/') ? path.slice(0, -1) : `\`${path}\``)

function importsCell(imports: RoomImports | 'anything'): string {
  if (imports === 'anything') {
    const others = COMPOSITION_ROOTS.map(shown).join(', ')
    return `anything: a composition root, as are ${others}`
  }
  const { values = [], types = [] } = imports
  const parts = [
    ...(values.length > 0 ? [values.map(shown).join(', ')] : []),
    ...(types.length > 0 ? [`types of ${types.map(shown).join(', ')}`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : 'nothing'
}

/** @returns one sentence per difference between docs/architecture.md and the rules */
export function tableProblems(markdown: string): string[] {
  const rows = [...markdown.matchAll(/^\| `(\w+)\/` \|.*\| ([^|]+) \|$/gm)]
  const cells = new Map(rows.map(([, room = '', cell = '']) => [room, cell]))
  const differing = Object.entries(ROOM_IMPORTS).flatMap(([room, imports]) => {
    const cell = importsCell(imports)
    if (cells.get(room) === cell) return []
    return [
      `docs/architecture.md: ${room}/ may import "${cells.get(room) ?? ''}", but the rules say "${cell}"`,
    ]
  })
  const unknown = [...cells.keys()].filter((room) => !Object.hasOwn(ROOM_IMPORTS, room))
  return [...differing, ...unknown.map((room) => `docs/architecture.md: ${room}/ has no import rules`)]
}
