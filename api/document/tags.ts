/** The groups of the document, in its order. */
export const TAGS: Readonly<Record<string, string>> = {
  products: 'What the shop offers; public',
  exchanges: 'Redeeming products',
  orders: 'Orders of the signed-in customer',
  'after-sales': 'Returns and refunds of the signed-in customer',
  wallet: 'Points and cash of the signed-in customer',
  'admin: products': 'Products in every status, for operators',
  'admin: categories': 'Categories of products',
  'admin: orders': 'Orders of every customer, and the actions on them',
  'admin: after-sales': 'Returns and refunds of every customer, and the actions on them',
  'admin: wallets': 'Wallets of customers; changes are for administrators',
  'admin: earnings': 'Points that customers earn elsewhere, reported by partner systems',
  'admin: users': 'Levels of customers',
  'admin: reconciliations': 'Comparisons of the books with each other and with the providers',
  webhooks: 'Signed notifications from payment providers and from the order domain',
  health: 'Probes for supervisors and load balancers',
}
