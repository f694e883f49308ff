#!/bin/sh
# Writes .env, which docker-compose.yml reads, with fresh secrets. Keep a copy of it in a safe place: who loses
# LEDGER_KEYS or PAYLOAD_KEYS loses the wallets.
#
#   sh deploy/make-env.sh         for customers: real payment providers, no demo data
#   sh deploy/make-env.sh demo    with demo products and users, and a payment provider that takes no money
set -eu
umask 077

case "${1:-}" in
  '' | demo) ;;
  *)
    echo 'usage: sh deploy/make-env.sh [demo]' >&2
    exit 2
    ;;
esac
if [ -e .env ]; then
  echo '.env already exists: with new secrets, the existing data could not be decrypted' >&2
  exit 1
fi

# The passwords go into URLs, hence hex.
hex() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
base64_of() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }

{
  cat <<ENV
POSTGRES_PASSWORD=$(hex 24)
MALL_DB_PASSWORD=$(hex 24)
TEMPORAL_DB_PASSWORD=$(hex 24)
AUTH_JWT_SECRET=$(hex 32)
LEDGER_KEYS=l1:$(base64_of 32)
PAYLOAD_KEYS=p1:$(base64_of 32)
ORDERS_WEBHOOK_SECRET=whsec_$(base64_of 24)
METRICS_TOKEN=$(hex 24)

# How browsers and payment providers reach the API: https for customers. And which proxies in front of it are to be believed.
PUBLIC_URL=http://127.0.0.1:3000
TRUSTED_PROXIES=
ENV
  if [ "${1:-}" = demo ]; then
    cat <<ENV

COMPOSE_PROFILES=demo
DEMO=1
STRIPE_BASE_URL=http://sandbox:3400
STRIPE_SECRET_KEY=sk_test_$(hex 18)
STRIPE_WEBHOOK_SECRET=whsec_$(base64_of 24)
KUAIDI100_URL=http://sandbox:3400
KUAIDI100_CUSTOMER=SANDBOX
KUAIDI100_KEY=$(hex 12)
KUAIDI100_SALT=$(hex 18)
KDNIAO_URL=http://sandbox:3400
KDNIAO_BUSINESS_ID=1000001
KDNIAO_API_KEY=$(hex 18)
TEMPORAL_CODEC_ENDPOINT=http://127.0.0.1:3000/codec
ENV
  else
    cat <<ENV

# Bank cards: fill in the last two, or leave them empty to go without.
STRIPE_BASE_URL=
STRIPE_SECRET_KEY=
STRIPE_WEBHOOK_SECRET=

# Alipay and WeChat Pay: docs/going-live.md says where each comes from. Keys on one line, as base64.
ALIPAY_APP_ID=
ALIPAY_SELLER_ID=
ALIPAY_PRIVATE_KEY=
ALIPAY_PUBLIC_KEY=
WECHAT_APP_ID=
WECHAT_MCH_ID=
WECHAT_MCH_SERIAL=
WECHAT_MCH_PRIVATE_KEY=
WECHAT_API_V3_KEY=
WECHAT_PUBLIC_KEY_ID=
WECHAT_PUBLIC_KEY=
ENV
  fi
} >.env
echo 'wrote .env'
