import { crc32, inflateRawSync } from 'node:zlib'

/** All files unpacked: a day of several hundred thousand trades. */
const UNPACKED_MAX = 256 * 1024 * 1024

const END = Buffer.from([0x50, 0x4b, 0x05, 0x06])
const ENTRY = 0x02014b50
const LOCAL = 0x04034b50
const STORED = 0
const DEFLATED = 8

/** Reads by the central directory. @throws on a damaged archive, or one above `UNPACKED_MAX` */
export function unzip(archive: Buffer): Buffer[] {
  const end = archive.lastIndexOf(END)
  if (end < 0 || end + 22 > archive.length) throw new Error('not a zip archive')
  const count = archive.readUInt16LE(end + 10)
  let at = archive.readUInt32LE(end + 16)
  let room = UNPACKED_MAX
  const files: Buffer[] = []
  for (let n = 0; n < count; n += 1) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error('zip: the directory is invalid')
    const file = readFile(archive, at, room)
    room -= file.length
    files.push(file)
    at += 46 + archive.readUInt16LE(at + 28) + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  return files
}

function readFile(archive: Buffer, entry: number, room: number): Buffer {
  const method = archive.readUInt16LE(entry + 10)
  const packed = archive.readUInt32LE(entry + 20)
  const local = archive.readUInt32LE(entry + 42)
  if (archive.readUInt32LE(local) !== LOCAL) throw new Error('zip: a file is missing')
  const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const bytes = archive.subarray(from, from + packed)
  if (method !== STORED && method !== DEFLATED)
    throw new Error(`zip: unsupported compression method ${method}`)
  // `maxOutputLength` must be at least 1; an exhausted limit fails on the next byte.
  const file = method === STORED ? bytes : inflateRawSync(bytes, { maxOutputLength: Math.max(room, 1) })
  if (file.length > room || crc32(file) !== archive.readUInt32LE(entry + 16)) {
    throw new Error('zip: a file is too long, or its checksum is wrong')
  }
  return file
}
