import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { Role } from '../../domain/access.ts'
import { isPrincipalId } from '../../domain/principal-id.ts'

interface Given<R extends Role> {
  readonly sub: string
  readonly role: R
  readonly level?: number
  readonly next?: string
}

/**
 * Reads `--sub alice --role customer --level 3`.
 * @param roles that are allowed
 * @throws with the usage
 */
export function principalArguments<const R extends Role>(
  args: readonly string[],
  roles: readonly [R, ...R[]],
  usage: string,
  defaultRole?: R,
): Given<R> {
  const schema = z.object({
    // Same limits as the API.
    sub: z.string().refine(isPrincipalId),
    role: z.enum(roles),
    level: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .optional(),
    next: z.string().startsWith('/').optional(),
  })
  const option = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        sub: option,
        role: option,
        level: option,
        ...(usage.includes('--next') ? { next: option } : {}),
      },
    })
    const { level, next, ...rest } = schema.parse({ role: defaultRole, ...values })
    return {
      ...(rest as { sub: string; role: R }),
      ...(level === undefined ? {} : { level }),
      ...(next === undefined ? {} : { next }),
    }
  } catch (error) {
    const what =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; ')
        : (error as Error).message
    throw new Error(`${what} (${usage})`, { cause: error })
  }
}
