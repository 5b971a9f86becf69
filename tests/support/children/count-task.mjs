/** A task of a pool that counts how often it is run. */
export const countOne = (/** @type {Int32Array} */ count) => Atomics.add(count, 0, 1);
