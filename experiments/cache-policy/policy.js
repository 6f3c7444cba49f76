// Which object leaves a full cache. Attempts may change this file, nothing else.
//
// A clock over two classes: what was asked for once (new) and what came back (kept).
'use strict';

const NEW_SHARE = 0.25; // of the cache, for objects that have been asked for once
const MOST_USES = 3; // an object is given so many more rounds at the most
const AGE_EVERY = 4; // cache sizes of requests after which old popularity counts half
const SAMPLE = 5; // objects that are compared before one is thrown out
const REMEMBERED = 2; // cache sizes of evicted objects whose popularity is remembered
const RECENCY = 0.5; // weight of how recently, against how often, an object was asked for

class Policy {
  constructor(capacity) {
    this.capacity = capacity;
    this.clock = 0;
    this.kept = []; // keys, in no order
    this.place = new Map(); // key -> index in kept
    this.uses = new Map(); // key -> how often it was asked for, halved now and then
    this.last = new Map(); // key -> when it was last asked for
    this.turn = 0;
  }

  // A request for something that the cache holds.
  hit(key) {
    this.touch(key);
  }

  // A request for something that it does not hold; the key to evict, or null while there is room.
  miss(key) {
    let evicted = null;
    if (this.kept.length >= this.capacity) {
      evicted = this.victim();
      this.remove(evicted);
    }
    this.touch(key);
    this.place.set(key, this.kept.length);
    this.kept.push(key);
    return evicted;
  }

  touch(key) {
    this.clock += 1;
    const seen = this.uses.get(key) || 0;
    if (seen < MOST_USES) {
      this.uses.set(key, seen + 1);
    }
    this.last.set(key, this.clock);
    if (this.clock % (AGE_EVERY * this.capacity) === 0) {
      this.age();
    }
  }

  victim() {
    let worst = null;
    let lowest = Infinity;
    for (let i = 0; i < SAMPLE; i++) {
      this.turn = (this.turn + 1) % this.kept.length;
      const key = this.kept[this.turn];
      const value = this.worth(key);
      if (value < lowest) {
        lowest = value;
        worst = key;
      }
    }
    return worst;
  }

  worth(key) {
    const idle = (this.clock - this.last.get(key)) / this.capacity;
    const often = this.uses.get(key);
    if (often <= 1 && idle > NEW_SHARE) {
      return -idle;
    }
    return often - RECENCY * idle;
  }

  remove(key) {
    const index = this.place.get(key);
    const moved = this.kept[this.kept.length - 1];
    this.kept[index] = moved;
    this.place.set(moved, index);
    this.kept.pop();
    this.place.delete(key);
  }

  age() {
    const horizon = this.clock - REMEMBERED * this.capacity;
    for (const [key, count] of this.uses) {
      if (!this.place.has(key) && this.last.get(key) < horizon) {
        this.uses.delete(key);
        this.last.delete(key);
      } else {
        this.uses.set(key, count / 2);
      }
    }
  }
}

module.exports = { Policy };
