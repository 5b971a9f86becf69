import { type HoldfastError, isHoldfastError } from '../../errors/holdfast-error.ts';
import type { AnyProjectionDefinition } from '../../projections/define-projection.ts';
import { onlyDefining } from '../../threads/thread-role.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { modulesOf, mustExist } from '../open-file.ts';
import { modulesOption, type Verb } from '../verb.ts';

/** Builds projections anew. */
export const rebuild: Verb = {
  summary: 'build projections anew from the first event: those that are named, or all of the modules',
  usage: '[NAME ...] --modules PATH',
  argsMax: Number.POSITIVE_INFINITY,
  options: { modules: modulesOption },
  async run({ database, args, options, terminal, signal, runForeign }) {
    const modules = modulesOf(options['modules']);
    mustExist(database);
    const [{ importModule }, { isProjectionDefinition }, { createRuntime }] = await Promise.all([
      import('../../../actors/definitions/load-definitions.ts'),
      import('../../projections/define-projection.ts'),
      import('../../create-runtime.ts'),
    ]);
    const exported = await runForeign(() =>
      onlyDefining(() => Promise.all(modules.map((module) => importModule(module)))),
    );
    // A module may export one by two names, and two modules the same one.
    const all = [...new Set(exported.flatMap((each) => Object.values(each).filter(isProjectionDefinition)))];
    const wanted = args.length === 0 ? all : [...new Set(args.map((name) => named(all, name)))];
    if (wanted.length === 0) throw new UsageError('The modules export no projection.');
    await using runtime = await createRuntime({ database, modules });
    let code: number = exitCodes.done;
    for (const projection of wanted) {
      const { name, version } = projection;
      try {
        let events = 0;
        for await (const progress of runtime.rebuild(projection, { signal })) {
          events = progress.done;
          terminal.progress(progress);
        }
        terminal.clearProgress();
        terminal.object({ rebuilt: name, version, events });
      } catch (error) {
        // What is wrong with one projection is no reason to leave the others as they are.
        if (!isOfOne(error)) throw error;
        terminal.clearProgress();
        terminal.error(`${name}: ${error.message}`);
        code = exitCodes.failed;
      }
    }
    return code;
  },
};

function isOfOne(error: unknown): error is HoldfastError {
  return isHoldfastError(error) && error.code.startsWith('HOLDFAST_ERR_PROJECTION_');
}

function named(all: readonly AnyProjectionDefinition[], name: string): AnyProjectionDefinition {
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    `The modules export no projection "${name}"; they export ${all.map((each) => each.name).join(', ') || 'none'}.`,
  );
}
