// Replays every trace through the policy, a request at a time, and writes down what it evicted.
'use strict';

const fs = require('fs');
const path = require('path');
const { Policy } = require('./policy.js');

for (const name of fs.readdirSync('traces').sort()) {
  const [capacity, ...requests] = fs.readFileSync(path.join('traces', name), 'utf8').trim().split('\n').map(Number);
  const policy = new Policy(capacity);
  const held = new Set();
  const evictions = [];
  for (const key of requests) {
    if (held.has(key)) {
      policy.hit(key);
      continue;
    }
    const evicted = policy.miss(key);
    if (evicted !== null) {
      held.delete(evicted);
    }
    held.add(key);
    evictions.push(evicted === null ? '-' : evicted);
  }
  fs.writeFileSync(path.join(process.env.KAPSO_OUT, name), evictions.join('\n') + '\n');
}
