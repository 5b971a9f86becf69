import { exitCodes, UsageError } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

/** Copies the database while others go on writing. */
export const backup = readingVerb({
  summary: 'copy the whole database into a new file, while others go on writing',
  usage: 'TARGET',
  argsMax: 1,
  options: {},
  async run(backend, { args: [target], terminal, signal }) {
    if (target === undefined) throw new UsageError('The path of the copy is missing.');
    await backend.backup(target, { signal, onProgress: terminal.progress });
    terminal.clearProgress();
    terminal.object({ backup: target });
    return exitCodes.done;
  },
});
