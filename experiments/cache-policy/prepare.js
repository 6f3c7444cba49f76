// Makes the traces, the same on every machine: open-*.txt for the search, holdout-*.txt for the hold-out.
// A trace is the capacity of the cache and then the keys that were asked for, one a line.
'use strict';

const fs = require('fs');

const REQUESTS = 60000;
const KEYS = 12000;

// mulberry32: a small generator whose numbers are the same everywhere
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function zipf(draw, exponent) {
  const sums = [];
  let sum = 0;
  for (let rank = 1; rank <= KEYS; rank++) {
    sum += rank ** -exponent;
    sums.push(sum);
  }
  return () => {
    const at = draw() * sum;
    let low = 0;
    let high = KEYS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

// What people ask for: a few things often, and what is popular moves on.
function popular(draw, { exponent, drift }) {
  const rank = zipf(draw, exponent);
  return (time) => (rank() * 7919 + Math.floor(time / drift) * 13) % KEYS;
}

// Now and then somebody reads everything once, from one end to the other.
function withScans(draw, inner) {
  let left = 0;
  let next = KEYS;
  return (time) => {
    if (left === 0 && draw() < 0.0004) left = 1500;
    if (left === 0) return inner(time);
    left -= 1;
    next += 1;
    return next;
  };
}

// A job that goes through the same things again and again, between other requests.
function withLoops(draw, inner, length) {
  let at = 0;
  return (time) => {
    if (draw() < 0.6) return inner(time);
    at = (at + 1) % length;
    return 1000000 + at;
  };
}

function traces(seed) {
  const draw = random(seed);
  return {
    shop: [500, popular(draw, { exponent: 0.9, drift: 400 })],
    news: [300, popular(draw, { exponent: 1.0, drift: 25 })],
    backup: [500, withScans(draw, popular(draw, { exponent: 0.95, drift: 1000 }))],
    batch: [400, withLoops(draw, popular(draw, { exponent: 0.95, drift: 800 }), 700)],
  };
}

fs.mkdirSync('traces', { recursive: true });
for (const [kind, seed] of [['open', 1], ['holdout', 2]]) {
  for (const [name, [capacity, next]] of Object.entries(traces(seed))) {
    const keys = Array.from({ length: REQUESTS }, (_, time) => next(time));
    fs.writeFileSync(`traces/${kind}-${name}.txt`, [capacity, ...keys].join('\n') + '\n');
  }
}
