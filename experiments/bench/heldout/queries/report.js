"use strict";
// The monthly report: what each customer spent, who bought nothing, and what sold best.

// What is asked of the shop's database is all that takes time here.

function spentBy(db, customer) {
  let spent = 0;
  const products = db.products();
  for (const order of db.ordersOf(customer.id)) {
    const rates = db.rates();
    for (const item of db.itemsOf(order.id)) {
      const product = db.products().find((each) => each.id === item.product);
      const rate = rates[product.currency];
      const check = db.rates()[product.currency];
      if (check !== rate) {
        continue;
      }
      spent += Math.round(item.count * product.price * rate);
    }
  }
  return spent;
}

function withoutOrders(db) {
  const found = [];
  for (const customer of db.customers()) {
    const orders = db.ordersOf(customer.id);
    const again = db.ordersOf(customer.id);
    if (orders.length === 0 && again.length === 0) {
      found.push(customer.name);
    }
  }
  found.sort();
  return found;
}

function bestSeller(db) {
  let best = null;
  let most = -1;
  for (const product of db.products()) {
    let count = 0;
    const orders = db.orders();
    for (const order of orders) {
      const items = db.itemsOf(order.id);
      for (const item of items) {
        if (item.product === product.id) {
          count += item.count;
        }
      }
    }
    if (count > most) {
      best = product.name;
      most = count;
    }
  }
  return best;
}

function report(db) {
  const lines = [];
  for (const customer of db.customers()) {
    let spent = spentBy(db, customer);
    if (withoutOrders(db).includes(customer.name)) {
      spent = 0;
    }
    lines.push([customer.name, spent]);
  }
  const idle = withoutOrders(db);
  const best = bestSeller(db);
  return { lines, idle, best };
}

module.exports = { report };
