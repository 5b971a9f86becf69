// Usage: start-from-javascript.mjs DATABASE. Of its modules one is JavaScript, which this process imports too, and one is
// TypeScript, which only hosts import. Prints the state that a command leads to.
import { createRuntime } from 'holdfast';
import { light } from '../fixtures/light.mjs';

const runtime = await createRuntime({
  database: process.argv[2],
  modules: ['light.mjs', 'counter.ts'].map((file) => new URL(`../fixtures/${file}`, import.meta.url)),
  hosts: 1,
});
const { state } = await runtime.actor(light, 'a').send({ type: 'switched' });
console.log(state);
await runtime.close();
