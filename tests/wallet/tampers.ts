/**
 * What a writer without keys can do to the ledger's rows: each kind draws an edit and says whom it affects.
 */

export const TABLES = ['wallet_accounts', 'wallet_entries', 'wallet_transfers'] as const
export type Table = (typeof TABLES)[number]

/** Columns as text. */
export type Row = Readonly<Record<string, string | null>>

export interface Ledger {
  readonly accounts: readonly Row[]
  readonly entries: readonly Row[]
  readonly transfers: readonly Row[]
  /** Account rows as they once were. */
  readonly earlier: readonly Row[]
  /** Account id → the walk's name of its owner. */
  readonly refs: ReadonlyMap<string, string>
}

export interface Tampered {
  readonly remove: readonly (readonly [Table, Row])[]
  readonly insert: readonly (readonly [Table, Row])[]
  /** The walk has to report one of these. */
  readonly names: readonly string[]
  /** Accounts that it may report. */
  readonly touched: readonly string[]
}

type Pick = (below: number) => number
/** @returns undefined if the draw changes nothing */
type Tamper = (ledger: Ledger, pick: Pick) => Tampered | undefined

export const keyOf = (table: Table): readonly string[] =>
  ({
    wallet_accounts: ['id'],
    wallet_entries: ['account_id', 'version'],
    wallet_transfers: ['operation_key'],
  })[table]

export const refOf = (row: Row) => `${row.owner_type}/${row.owner_id}/${row.currency}`

type ColumnType = 'number' | 'text' | 'bytes' | 'time'

/** All columns except `created_at` and `updated_at`. */
const COLUMNS: Readonly<Record<Table, Readonly<Record<string, ColumnType>>>> = {
  wallet_accounts: {
    ...({ id: 'number', owner_type: 'text', owner_id: 'text', currency: 'text' } as const),
    ...({ version: 'number', kid: 'text', sealed: 'bytes', head: 'bytes', next_expiry: 'time' } as const),
  },
  wallet_entries: {
    ...({ account_id: 'number', version: 'number', operation_key: 'text' } as const),
    ...({ kid: 'text', sealed: 'bytes', mac: 'bytes' } as const),
  },
  wallet_transfers: {
    ...({ operation_key: 'text', kind: 'text', from_account: 'text', to_account: 'text' } as const),
    ...({ order_no: 'text', reason: 'text', operator_id: 'text' } as const),
  },
}
const NULLABLE = ['next_expiry', 'order_no', 'reason', 'operator_id']
export const COLUMNS_COVERED = Object.entries(COLUMNS).flatMap(([table, columns]) =>
  Object.keys(columns).map((column) => `${table}.${column}`),
)

const accountName = (ledger: Ledger, id: string) => `account ${id} (${ledger.refs.get(id)})`
const entryName = (ledger: Ledger, row: Row) =>
  `${accountName(ledger, row.account_id ?? '')}, entry ${row.version}`

function rowsOf(ledger: Ledger, table: Table): readonly Row[] {
  if (table === 'wallet_accounts') return ledger.accounts
  return table === 'wallet_entries' ? ledger.entries : ledger.transfers
}

function draw<T>(list: readonly T[], pick: Pick): T {
  const found = list[pick(list.length)]
  if (found === undefined) throw new Error('nothing to draw from')
  return found
}

const entriesOf = (ledger: Ledger, account: Row) =>
  ledger.entries
    .filter((entry) => entry.account_id === account.id)
    .sort((a, b) => Number(a.version) - Number(b.version))

function transferOf(ledger: Ledger, entry: Row): Row {
  const found = ledger.transfers.find((row) => row.operation_key === entry.operation_key)
  if (!found) throw new Error('an entry has no transfer')
  return found
}

/** Entries with their transfers. */
const booked = (ledger: Ledger, entries: readonly Row[]): (readonly [Table, Row])[] =>
  entries.flatMap((entry) => [
    ['wallet_entries', entry] as const,
    ['wallet_transfers', transferOf(ledger, entry)] as const,
  ])

function flipped(type: ColumnType, value: string | null, pick: Pick): string {
  const bit = pick(63)
  if (value === null) return type === 'time' ? '2030-01-01T00:00:00Z' : 'x'
  if (type === 'number') return `${BigInt.asIntN(64, BigInt(value) ^ (1n << BigInt(bit)))}`
  if (type === 'bytes') {
    const bytes = Buffer.from(value.slice(2), 'hex')
    const at = pick(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8))
    return `\\x${bytes.toString('hex')}`
  }
  if (type === 'time') {
    const micros = BigInt(Date.parse(value)) * 1000n + (1n << BigInt(pick(40)))
    return `${new Date(Number(micros / 1000n)).toISOString().slice(0, -1)}${`${micros % 1000n}`.padStart(3, '0')}Z`
  }
  const at = pick(value.length)
  return value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ (1 << pick(7))) + value.slice(at + 1)
}

/** Changes columns of one row. */
function changed(ledger: Ledger, table: Table, row: Row, changes: Row): Tampered {
  const edit = {
    remove: [[table, row]] as const,
    insert: [[table, { ...row, ...changes }]] as const,
  }
  if (table === 'wallet_accounts') {
    const [before, after] = [row.id ?? '', changes.id ?? row.id ?? '']
    return { ...edit, names: [`account ${after} (`], touched: [before, after] }
  }
  const entry =
    table === 'wallet_entries' ? row : ledger.entries.find((one) => one.operation_key === row.operation_key)
  if (!entry) throw new Error('a transfer has no entry')
  const [before, after] = [entry.account_id ?? '', changes.account_id ?? entry.account_id ?? '']
  const names = [
    entryName(ledger, entry),
    ...(changes.version === undefined ? [] : [entryName(ledger, { ...entry, version: changes.version })]),
    ...(changes.account_id === undefined
      ? []
      : [`entry ${after}/`, entryName(ledger, { ...entry, ...changes })]),
  ]
  return { ...edit, names, touched: [before, after] }
}

const flipOf =
  (table: Table, column: string, type: ColumnType): Tamper =>
  (ledger, pick) => {
    const row = draw(rowsOf(ledger, table), pick)
    const before = row[column] ?? null
    const clear = before !== null && NULLABLE.includes(column) && pick(4) === 0
    return changed(ledger, table, row, { [column]: clear ? null : flipped(type, before, pick) })
  }

const FLIPS = Object.fromEntries(
  TABLES.flatMap((table) =>
    Object.entries(COLUMNS[table]).map(([column, type]) => [
      `flip a bit of ${table}.${column}`,
      flipOf(table, column, type),
    ]),
  ),
)

/** Swaps these columns between two rows. */
const swapOf =
  (table: Table, ...columns: string[]): Tamper =>
  (ledger, pick) => {
    const [one, two] = [draw(rowsOf(ledger, table), pick), draw(rowsOf(ledger, table), pick)]
    if (columns.every((column) => one[column] === two[column])) return undefined
    const take = (row: Row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null]))
    const edits = [changed(ledger, table, one, take(two)), changed(ledger, table, two, take(one))]
    return {
      remove: edits.flatMap((edit) => edit.remove),
      insert: edits.flatMap((edit) => edit.insert),
      names: edits.flatMap((edit) => edit.names),
      touched: edits.flatMap((edit) => edit.touched),
    }
  }

const onAccount =
  (
    least: number,
    edit: (ledger: Ledger, account: Row, own: readonly Row[], pick: Pick) => Tampered,
  ): Tamper =>
  (ledger, pick) => {
    const account = draw(ledger.accounts, pick)
    const own = entriesOf(ledger, account)
    return own.length < least ? undefined : edit(ledger, account, own, pick)
  }

const NOTHING = { remove: [], insert: [] } as const

export const TAMPERS: Readonly<Record<string, Tamper>> = {
  ...FLIPS,
  'swap the sealed parts of two accounts': swapOf('wallet_accounts', 'sealed'),
  'swap the heads of two accounts': swapOf('wallet_accounts', 'head'),
  'swap the owners of two accounts': swapOf('wallet_accounts', 'owner_id', 'currency'),
  // Joined by slashes, owner type, owner and currency read as before.
  "move a part of an owner's id to the owner's type": (ledger, pick) => {
    const row = draw(
      ledger.accounts.filter((account) => account.owner_id?.includes('/')),
      pick,
    )
    const [first = '', ...rest] = row.owner_id?.split('/') ?? []
    const owner = { owner_type: `${row.owner_type}/${first}`, owner_id: rest.join('/') }
    return changed(ledger, 'wallet_accounts', row, owner)
  },
  'swap the ids of two accounts': swapOf('wallet_accounts', 'id'),
  'swap the states of two accounts': swapOf(
    ...(['wallet_accounts', 'version', 'kid', 'sealed', 'head', 'next_expiry'] as const),
  ),
  'swap the sealed parts of two entries': swapOf('wallet_entries', 'sealed'),
  'swap the macs of two entries': swapOf('wallet_entries', 'mac'),
  'swap the places of two entries': swapOf('wallet_entries', 'account_id', 'version'),
  'swap the transfers of two entries': swapOf('wallet_entries', 'operation_key'),
  'swap what two transfers say': swapOf(
    ...([
      'wallet_transfers',
      'kind',
      'from_account',
      'to_account',
      'order_no',
      'reason',
      'operator_id',
    ] as const),
  ),
  'change the key id of an account': (ledger, pick) => {
    const row = draw(ledger.accounts, pick)
    return changed(ledger, 'wallet_accounts', row, {
      kid: draw(
        ['k1', 'k2', 'k3'].filter((kid) => kid !== row.kid),
        pick,
      ),
    })
  },
  'change the key id of an entry': (ledger, pick) => {
    const row = draw(ledger.entries, pick)
    return changed(ledger, 'wallet_entries', row, {
      kid: draw(
        ['k1', 'k2', 'k3'].filter((kid) => kid !== row.kid),
        pick,
      ),
    })
  },
  'roll an account back': (ledger, pick) => {
    const before = draw(ledger.earlier, pick)
    const now = ledger.accounts.find((row) => row.id === before.id)
    return now && changed(ledger, 'wallet_accounts', now, before)
  },
  'roll an account back with its last entries': (ledger, pick) => {
    const before = draw(ledger.earlier, pick)
    const now = ledger.accounts.find((row) => row.id === before.id)
    if (!now) return undefined
    const since = entriesOf(ledger, now).filter((entry) => Number(entry.version) > Number(before.version))
    return {
      remove: [['wallet_accounts', now], ...booked(ledger, since)],
      insert: [['wallet_accounts', before]],
      names: [`${accountName(ledger, now.id ?? '')}: ${before.version} entries`],
      touched: [now.id ?? ''],
    }
  },
  'roll the whole ledger back': (ledger) => {
    const before = new Map(ledger.earlier.toReversed().map((row) => [row.id, row]))
    const later = ledger.accounts.filter((row) => before.has(row.id ?? null))
    const since = ledger.entries.filter(
      (entry) => Number(entry.version) > Number(before.get(entry.account_id ?? null)?.version),
    )
    return {
      remove: [...later.map((row) => ['wallet_accounts', row] as const), ...booked(ledger, since)],
      insert: [...before.values()].map((row) => ['wallet_accounts', row] as const),
      names: later.map((row) => `${accountName(ledger, row.id ?? '')}: `),
      touched: later.map((row) => row.id ?? ''),
    }
  },
  'delete the last entries': onAccount(2, (ledger, account, own, pick) => {
    const from = 1 + pick(own.length - 1)
    return {
      ...NOTHING,
      remove: booked(ledger, own.slice(from)),
      names: [`${accountName(ledger, account.id ?? '')}: ${from} entries`],
      touched: [account.id ?? ''],
    }
  }),
  'delete an entry from the middle': onAccount(3, (ledger, account, own, pick) => {
    const gone = own[pick(own.length - 1)] ?? {}
    return {
      ...NOTHING,
      remove: booked(ledger, [gone]),
      names: [`${entryName(ledger, gone)} is missing`],
      touched: [account.id ?? ''],
    }
  }),
  'delete an entry and close the gap': onAccount(3, (ledger, account, own, pick) => {
    const at = pick(own.length - 1)
    const rest = own.slice(at + 1)
    const moved = rest.map(
      (row) => ['wallet_entries', { ...row, version: `${Number(row.version) - 1}` }] as const,
    )
    return {
      remove: [...booked(ledger, [own[at] ?? {}]), ...rest.map((row) => ['wallet_entries', row] as const)],
      insert: moved,
      names: [entryName(ledger, own[at] ?? {})],
      touched: [account.id ?? ''],
    }
  }),
  'delete a transfer': (ledger, pick) => {
    const entry = draw(ledger.entries, pick)
    return {
      ...NOTHING,
      remove: [['wallet_transfers', transferOf(ledger, entry)]],
      names: [`${entryName(ledger, entry)}: its transfer is missing`],
      touched: [entry.account_id ?? ''],
    }
  },
  'delete an account': onAccount(1, (_, account, own) => ({
    ...NOTHING,
    remove: [['wallet_accounts', account]],
    names: [`entry ${account.id}/${own[0]?.version}`],
    touched: [account.id ?? ''],
  })),
  'delete an account with all its entries': onAccount(1, (ledger, account, own) => ({
    ...NOTHING,
    remove: [['wallet_accounts', account], ...booked(ledger, own)],
    names: [`account ${refOf(account)} is missing`],
    touched: [],
  })),
  'insert an old entry again': onAccount(2, (ledger, account, own, pick) => {
    const old = draw(own, pick)
    const fresh = { version: `${own.length + 1}`, operation_key: `again/${old.operation_key}` }
    return {
      ...NOTHING,
      insert: [
        ['wallet_transfers', { ...transferOf(ledger, old), operation_key: fresh.operation_key }],
        ['wallet_entries', { ...old, ...fresh }],
      ],
      names: [entryName(ledger, { ...old, ...fresh })],
      touched: [account.id ?? ''],
    }
  }),
  "insert another account's entry": onAccount(0, (ledger, account, own, pick) => {
    const other = draw(ledger.entries, pick)
    const fresh = {
      account_id: account.id ?? '',
      version: `${own.length + 1}`,
      operation_key: `moved/${other.operation_key}`,
    }
    return {
      ...NOTHING,
      insert: [
        ['wallet_transfers', { ...transferOf(ledger, other), operation_key: fresh.operation_key }],
        ['wallet_entries', { ...other, ...fresh }],
      ],
      names: [entryName(ledger, { ...other, ...fresh })],
      touched: [account.id ?? ''],
    }
  }),
  'move an entry to another account': (ledger, pick) => {
    const [row, other] = [draw(ledger.entries, pick), draw(ledger.accounts, pick)]
    if (row.account_id === other.id) return undefined
    const place = { account_id: other.id ?? '', version: `${entriesOf(ledger, other).length + 1}` }
    return changed(ledger, 'wallet_entries', row, place)
  },
  'invent an entry': onAccount(0, (ledger, account, own, pick) => {
    const bytes = (length: number) =>
      `\\x${Buffer.from(Array.from({ length }, () => pick(256))).toString('hex')}`
    const key = `invented/${pick(1e9)}`
    const row = {
      account_id: account.id ?? '',
      version: `${own.length + 1}`,
      operation_key: key,
      kid: 'k1',
      sealed: bytes(156),
      mac: bytes(32),
      created_at: '2026-11-22T00:00:00Z',
    }
    return {
      ...NOTHING,
      insert: [
        ['wallet_transfers', { ...draw(ledger.transfers, pick), operation_key: key }],
        ['wallet_entries', row],
      ],
      names: [entryName(ledger, row)],
      touched: [account.id ?? ''],
    }
  }),
  'invent a transfer': (ledger, pick) => {
    const key = `invented/${pick(1e9)}`
    return {
      ...NOTHING,
      insert: [['wallet_transfers', { ...draw(ledger.transfers, pick), operation_key: key }]],
      names: [`transfer ${key} has no entry`],
      touched: [],
    }
  },
  'invent an account': (ledger, pick) => {
    const row = draw(ledger.accounts, pick)
    const id = `${1000 + pick(1e6)}`
    const fresh = { ...row, id, owner_id: `nobody-${id}` }
    return {
      ...NOTHING,
      insert: [['wallet_accounts', fresh]],
      names: [`account ${id} (${refOf(fresh)})`],
      touched: [id],
    }
  },
}
