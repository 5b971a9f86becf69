// Usage: fail-to-start.ts DATABASE. Prints the code of the error and how long the exit took.
import { createRuntime, isHoldfastError } from 'holdfast';
import { say } from './say.ts';

try {
  await createRuntime({ database: process.argv[2] ?? '', modules: [] });
} catch (error) {
  say(isHoldfastError(error) ? error.code : String(error));
  const started = performance.now();
  // Listeners are called in the order in which they were added: this one comes after those of the library.
  process.on('exit', () => say(String(Math.round(performance.now() - started))));
  process.exit(7);
}
