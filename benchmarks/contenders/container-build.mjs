// JavaScript, as it would be in production, and nothing is done before: what is measured is the first time.
import { subjects } from '../fixtures/containers.mjs';

const { size, subject } = JSON.parse(process.argv[2]);
const services = Array.from({ length: size }, (_, index) => ({
  name: `service${index}`,
  need: index % 4 === 3 ? `service${index - 1}` : undefined,
})); // Names are literals in a program, which the engine has seen before.
for (const { name } of services) ({})[name] = true;

const { load, build } = subjects[subject];

const loading = performance.now();
const library = await load();
const building = performance.now();
const get = await build(library, services);
const built = performance.now();
const last = services.at(-1);
const made = await get(last.name);
const first = performance.now();
if (made.name !== last.name || made.need?.name !== last.need) throw new Error('It made something else.');
const detail = { importMs: building - loading, firstGetMs: first - built };
console.log(JSON.stringify({ value: built - building, unit: 'ms', detail }));
