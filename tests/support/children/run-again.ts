// Usage: run-again.ts PROGRAM. Runs a program in this process, once for each line that it reads: the arguments, as JSON.
// Says of each run the exit code that it asked for, and what it wrote.
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [program = ''] = process.argv.slice(2);
const { href } = pathToFileURL(program);
const say = process.stdout.write.bind(process.stdout);

/** Keeps what is written, and says that it was. */
class Kept {
  text = '';
  readonly write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    this.text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const written = rest.at(-1);
    if (typeof written === 'function') written();
    return true;
  };
}

// Each run listens anew for signals, and for errors of its output.
for (const emitter of [process, process.stdout]) emitter.setMaxListeners(0);

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const [out, err] = [new Kept(), new Kept()];
  process.stdout.write = out.write;
  process.stderr.write = err.write;
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...(JSON.parse(line) as string[]));
  // A module is carried out once for each URL.
  await import(`${href}?${++count}`);
  say(`${JSON.stringify({ code: process.exitCode ?? 0, out: out.text, err: err.text })}\n`);
  process.exitCode = undefined;
}
