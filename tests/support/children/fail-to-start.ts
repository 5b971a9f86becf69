// Usage: fail-to-start.ts DATABASE [FOLDER]. Prints the error and how long the exit took. Works in the folder,
// which it removes first.
import { rmdirSync } from 'node:fs';
import { createRuntime, isHoldfastError } from 'holdfast';
import { say } from './say.ts';

const [, , database = '', folder] = process.argv;
if (folder !== undefined) {
  process.chdir(folder);
  rmdirSync(folder);
}
try {
  await createRuntime({ database, modules: [] });
} catch (error) {
  say(isHoldfastError(error) ? `${error.code} ${error.message}` : String(error));
  const started = performance.now();
  // Listeners are called in the order in which they were added: this one comes after those of the library.
  process.on('exit', () => say(String(Math.round(performance.now() - started))));
  process.exit(7);
}
