import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** These take longest: begun last, they would run on alone while the other workers rest. */
const LONG = [
  'workflows/crash',
  'orders/failures',
  'pages/browser-pages',
  'pages/browser-journeys',
  'orders/adoption',
  'workflows/interleavings',
  'payments/payment-crash',
  'reconciliation/reconciliation',
  'wallet/external-wallet',
  'workflows/repeated-steps',
  'pages/browser.test',
  'orders/refunds',
  'workflows/replay',
]

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((name) => moduleId.includes(`/tests/${name}`))
      return found < 0 ? LONG.length : found
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/setup.ts'],
    sequence: { sequencer: LongFirst },
    // The workflow engine's native module does not live in threads.
    pool: 'forks',
    // Loading the modules once per process takes a quarter less CPU time than once per file: no test changes global state.
    // `npm run prove` draws cases by its seed in each file: see tests/support/sample.ts.
    isolate: Number(process.env.TESTS_SHARE ?? 0) > 0,
    // They wait more than they compute.
    maxWorkers: 4,
    // A busy machine is slow, and not wrong: no test is to fail for that (see tests/support/patience.ts).
    testTimeout: 180_000,
    hookTimeout: 300_000,
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'coverage/tests.json' },
  },
})
