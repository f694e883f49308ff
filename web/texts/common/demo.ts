import type { Text } from './common.ts'

export const CRASH = {
  title: { zh: '演示：让系统崩溃一次', en: 'Demo: crash the worker' },
  hint: {
    zh: '立即杀掉正在处理订单的进程（kill -9）。新的进程 2 秒内启动，进行中的订单几秒后接着走，订单、积分和款项都不会丢。',
    en: 'Kills the process that handles orders (kill -9). A new one starts within 2 seconds and orders in progress resume a few seconds later. No order, point or payment is lost.',
  },
  button: { zh: '杀掉工作进程', en: 'Kill the worker' },
  done: {
    zh: '工作进程已被杀掉，新的进程正在启动。看看订单怎样接着走。',
    en: 'The worker was killed and a new one is starting. Watch the order resume.',
  },
  none: {
    zh: '现在没有工作进程在运行，稍等片刻再试。',
    en: 'No worker is running right now. Try again shortly.',
  },
} satisfies Record<string, Text>
