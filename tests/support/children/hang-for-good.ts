import { join } from 'node:path';
import { createRuntime } from 'holdfast';
import { hostile } from '../fixtures/hostile.ts';

// Sends what hangs a thread in a loop that V8 does not interrupt, closes, and ends by itself.
const [folder = ''] = process.argv.slice(2);
const say = (what: string) => process.stdout.write(`${what}\n`);
const runtime = await createRuntime({
  database: join(folder, 'app.db'),
  modules: [new URL('../fixtures/hostile.ts', import.meta.url)],
  hosts: 1,
  hostUnresponsiveMs: 300,
});
const harm = { type: 'harmed', harm: 'endless', mark: join(folder, 'mark'), times: 1_000 } as const;
// So many reads have a reader thread, whose end is told to each host that reads from it, also to one that is no more.
await Promise.all(Array.from({ length: 100 }, (_, index) => runtime.actor(hostile, `b${index}`).snapshot()));
const hung = runtime.actor(hostile, 'a').send(harm);
await runtime.actor(hostile, 'b').send({ type: 'counted' });
await hung.catch((error: { code: string }) => say(error.code));
await runtime.actor(hostile, 'b').send({ type: 'counted' });
const [letter] = await runtime.deadLetters();
say(letter?.reason ?? 'no dead letter');
await runtime.close();
say('closed');
process.on('exit', (code) => say(`exit ${code}`));
