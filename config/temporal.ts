import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { NativeConnectionOptions } from '@temporalio/worker'

/** What `@temporalio/envconfig` reads besides the address and the namespace. */
export const TEMPORAL_VARIABLES = [
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_DATA',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_DATA',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION',
] as const

/**
 * Address, TLS and API key of the Temporal server, by the variables of `@temporalio/envconfig`.
 * @param address undefined: the default address of a local server
 * @throws when a certificate or a key cannot be used
 */
export function temporalConnection(
  env: Readonly<Record<string, string | undefined>>,
  address: string | undefined,
): Pick<NativeConnectionOptions, 'tls' | 'apiKey' | 'metadata'> & { address: string } {
  const { tls, apiKey, metadata } = loadClientConnectConfig({
    overrideEnvVars: env as Record<string, string>,
    disableFile: true,
  }).connectionOptions
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    address: address ?? '127.0.0.1:7233',
  }
}
