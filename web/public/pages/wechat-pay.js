// Inside WeChat the cashier is a sheet over this page, opened by the app's own bridge (JSAPI调起支付).
if (/MicroMessenger/i.test(navigator.userAgent)) document.documentElement.classList.add('in-wechat')

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-wechat-pay]')
  if (!button) return
  const parameters = JSON.parse(button.dataset.wechatPay)
  // What the app answers proves nothing: the order shows what the provider says, by itself.
  const open = () => window.WeixinJSBridge.invoke('getBrandWCPayRequest', parameters, () => {})
  if (window.WeixinJSBridge) open()
  else document.addEventListener('WeixinJSBridgeReady', open, { once: true })
})
