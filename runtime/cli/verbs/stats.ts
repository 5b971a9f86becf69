import { exitCodes } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

/** Counts and sizes. */
export const stats = readingVerb({
  summary: 'counts and sizes',
  usage: '',
  options: {},
  async run(backend, { terminal }) {
    terminal.object({ ...(await backend.stats()) });
    return exitCodes.done;
  },
});
