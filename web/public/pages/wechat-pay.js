// Inside WeChat the cashier is a sheet over this page, opened by the app's own bridge (JSAPI调起支付).
if (/MicroMessenger/i.test(navigator.userAgent)) document.documentElement.classList.add('in-wechat')

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-wechat-pay]')
  if (!button) return
  const parameters = JSON.parse(button.dataset.wechatPay)
  // What the app answers proves nothing. It is a return from the cashier: the mall asks the provider.
  const back = ({ err_msg: said }) => {
    if (said === 'get_brand_wcpay_request:ok') location.assign(`${location.pathname}?returned=1`)
  }
  const open = () => window.WeixinJSBridge.invoke('getBrandWCPayRequest', parameters, back)
  if (window.WeixinJSBridge) open()
  else document.addEventListener('WeixinJSBridgeReady', open, { once: true })
})
