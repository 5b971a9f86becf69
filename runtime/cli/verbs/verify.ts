import { exitCodes } from '../exit-codes.ts';
import { readingVerb } from '../verb.ts';

/** Checks the file, the order of all events and the hash of each. */
export const verify = readingVerb({
  summary: 'check the file, the order of all events and the hash of each',
  usage: '',
  options: {},
  async run(backend, { terminal, signal }) {
    const { ok, problems, events } = await backend.verify({ signal, onProgress: terminal.progress });
    terminal.clearProgress();
    if (terminal.isJson) terminal.json({ ok, events, problems });
    else {
      terminal.rows(
        problems.map(({ kind, message }) => ({ kind, message })),
        `all is well: ${events} events`,
      );
    }
    return ok ? exitCodes.done : exitCodes.problems;
  },
});
