import { exitCodes } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

/** Counts and sizes. */
export const stats = readingVerb({
  summary: 'counts and sizes',
  usage: '',
  options: {},
  async run(backend, { terminal }) {
    // How a connection that only reads would sync says nothing of those that write.
    const { synchronous: _, ...stats } = await backend.stats();
    terminal.object(stats);
    return exitCodes.done;
  },
});
