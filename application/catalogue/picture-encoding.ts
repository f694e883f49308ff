import sharp from 'sharp'
import type { PictureFormat } from '../../db/catalogue/pictures.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { createConcurrencyLimiter } from '../temporal/client.ts'

/** The table has the same CHECK. */
export const PICTURE_MAX_BYTES = 2 * 1024 * 1024
/** Checked in the header, before a pixel is decoded. */
const MAX_PIXELS = 24_000_000
/** The longest side, in pixels; the next one if the result has more than `PICTURE_MAX_BYTES`. */
const SIDES = [1_600, 800, 400]
const ENCODE_LIMIT_S = 5

// Only the decoders of the three formats, from memory, and one thread for each picture.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
})
sharp.concurrency(1)
sharp.cache(false)

/** Decoding takes up to 200 MB of memory, and a thread that files and names are read with, too. */
const pictures = createConcurrencyLimiter(1, 32)
const WAIT_MS = 4_000

/**
 * Decodes and encodes a picture: the same format, at most 1,600 pixels a side, turned as its EXIF says, in sRGB, of an
 * animation the first frame, and nothing else that was in the file.
 * @throws InvalidInputError on `picture`: `required`, `max` bytes, `max_pixels`, `format`; OverloadedError
 */
export async function encodePicture(bytes: Buffer): Promise<{ format: PictureFormat; bytes: Buffer }> {
  if (bytes.length === 0) throw new InvalidInputError({ field: 'picture', rule: 'required' })
  if (bytes.length > PICTURE_MAX_BYTES)
    throw new InvalidInputError({ field: 'picture', rule: 'max', bound: '2 MiB' })
  const format = formatOf(bytes)
  if (!format) throw invalidFormat()
  return pictures.run(Date.now() + WAIT_MS, async () => {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata().catch(refuse)
    if (width * height > MAX_PIXELS) {
      throw new InvalidInputError({ field: 'picture', rule: 'max_pixels', bound: '24,000,000' })
    }
    for (const side of SIDES) {
      const encoded = await encode(bytes, format, side).catch(refuse)
      if (encoded.length <= PICTURE_MAX_BYTES) return { format, bytes: encoded }
    }
    throw invalidFormat()
  })
}

const invalidFormat = () => new InvalidInputError({ field: 'picture', rule: 'format' })
const refuse = (): never => {
  throw invalidFormat()
}

/** Without `keepMetadata`, EXIF, XMP and the color profile are dropped. */
function encode(bytes: Buffer, format: PictureFormat, side: number): Promise<Buffer> {
  const picture = sharp(bytes, { autoOrient: true, failOn: 'error', limitInputPixels: MAX_PIXELS })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .timeout({ seconds: ENCODE_LIMIT_S })
  if (format === 'png') return picture.png({ compressionLevel: 9 }).toBuffer()
  return picture[format]({ quality: 85 }).toBuffer()
}

/** By magic bytes (WHATWG MIME Sniffing, 6.1). No SVG: it can contain scripts. */
function formatOf(bytes: Buffer): PictureFormat | undefined {
  const begins = (text: string, at = 0) =>
    bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'))
  if (begins('\x89PNG\r\n\x1a\n')) return 'png'
  if (begins('\xff\xd8\xff')) return 'jpeg'
  if (begins('RIFF') && begins('WEBPVP', 8)) return 'webp'
  return undefined
}
