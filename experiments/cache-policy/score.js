// Judges what was evicted and trusts nothing about it: replays every trace with those evictions and counts hits.
//
//   node score.js [holdout]      prints {"hit_rate": 41.2}, the mean over the traces, in percent
'use strict';

const fs = require('fs');
const path = require('path');

const MAX_BYTES = 4e6;

function hitRate(name) {
  const [capacity, ...requests] = fs.readFileSync(path.join('traces', name), 'utf8').trim().split('\n').map(Number);
  const file = path.join(process.env.KAPSO_OUT, name);
  if (fs.statSync(file).size > MAX_BYTES) {
    throw new Error(`${name}: too much was written`);
  }
  const evictions = fs.readFileSync(file, 'utf8').split('\n');
  const held = new Set();
  let hits = 0;
  let misses = 0;
  for (const key of requests) {
    if (held.has(key)) {
      hits += 1;
      continue;
    }
    const said = evictions[misses++];
    if (said !== '-' && !held.delete(Number(said))) {
      throw new Error(`${name}: miss ${misses} evicts \`${String(said).slice(0, 20)}\`, which is not in the cache`);
    }
    held.add(key);
    if (held.size > capacity) {
      throw new Error(`${name}: miss ${misses} leaves more than ${capacity} objects in the cache`);
    }
  }
  return (100 * hits) / requests.length;
}

const wanted = process.argv[2] || 'open';
try {
  const rates = {};
  for (const name of fs.readdirSync('traces').filter((each) => each.startsWith(wanted)).sort()) {
    rates[name.replace('.txt', '')] = hitRate(name);
  }
  const values = Object.values(rates);
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const feedback = Object.entries(rates).map(([name, rate]) => `${name} ${rate.toFixed(2)}`).join(', ');
  console.log(JSON.stringify({ hit_rate: mean, feedback }));
} catch (error) {
  console.log(JSON.stringify({ feedback: String(error.message) }));
}
