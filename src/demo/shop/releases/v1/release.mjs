// Release v1 of the shop: what a deployment puts on the machine. Plain JavaScript, loaded by the running process.

export const version = 'v1';

const CATALOGUE = [
  { sku: 'tea', name: 'Assam, 250 g', price: 9.5 },
  { sku: 'pot', name: 'Teapot, 1 l', price: 34 },
  { sku: 'cup', name: 'Cup', price: 12 },
  { sku: 'tin', name: 'Tea tin', price: 7.25 },
];

export function products() {
  return CATALOGUE;
}

/** The one way to a price: the classic checkout and the new one both come through here. */
function price(basket, settings) {
  const net = basket.lines.reduce((sum, line) => sum + line.quantity * productOf(line.sku).price, 0);
  const discounted = net * (1 - (basket.coupon?.percent ?? 0) / 100);
  return Math.round(discounted * (1 + settings.taxPercent / 100) * 100) / 100;
}

function productOf(sku) {
  const product = CATALOGUE.find((candidate) => candidate.sku === sku);
  if (product === undefined) throw Object.assign(new Error(`there is no product ${sku}`), { statusCode: 422 });
  return product;
}

export function checkout(basket, { settings, isOn }) {
  const total = price(basket, settings);
  // The new checkout confirms at once, the classic one asks the customer to look at the sum first.
  return isOn('new-checkout') ? { total, state: 'confirmed' } : { total, state: 'review' };
}
