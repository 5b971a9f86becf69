import { exitCodes } from '../exit-codes.ts';
import { modulesOf, openForLooking } from '../open-file.ts';
import { modulesOption, type Verb } from '../verb.ts';

/** Replays every stream with the definitions of modules. */
export const rehearse: Verb = {
  summary: 'replay every stream with the definitions of modules, and say what would break',
  usage: '--modules PATH',
  options: { modules: modulesOption },
  async run({ database, options, terminal, signal }) {
    const modules = modulesOf(options['modules']);
    await using opened = await openForLooking(database);
    const { rehearse: rehearseAll } = await import('../../rehearse/rehearse.ts');
    const { ok, problems, ...report } = await rehearseAll(opened.backend, {
      modules,
      signal,
      onProgress: terminal.progress,
    });
    terminal.clearProgress();
    if (terminal.isJson) terminal.json({ ok, ...report, problems });
    else {
      terminal.rows(
        problems.map(({ problem, stream, version, type, message }) => ({
          problem,
          stream,
          version,
          type,
          message,
        })),
        `nothing would break: ${report.streams} streams, ${report.events} events`,
      );
    }
    return ok ? exitCodes.done : exitCodes.problems;
  },
};
