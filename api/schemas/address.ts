import { z } from '@hono/zod-openapi'
import { ADDRESS_MAX } from '../../domain/customers/address.ts'
import { plainPhone } from '../../domain/customers/phone.ts'
import { text } from './common.ts'

const addressText = (field: keyof typeof ADDRESS_MAX) => text(0, ADDRESS_MAX[field]).nullish()

/** Goods that travel need `name`, `phone` and `detail`. */
export const address = z
  .strictObject({
    name: addressText('name'),
    phone: z.string().overwrite(plainPhone).max(ADDRESS_MAX.phone).nullish(),
    province: addressText('province'),
    city: addressText('city'),
    district: addressText('district'),
    detail: addressText('detail'),
  })
  .openapi('Address', {
    description: 'Goods that are shipped need `name`, `phone` and `detail`',
    example: {
      name: '王芳',
      phone: '13800138000',
      province: '上海市',
      city: '上海市',
      district: '徐汇区',
      detail: '漕溪北路 1 号',
    },
  })
