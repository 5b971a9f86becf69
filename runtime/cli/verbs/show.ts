import { encode } from '../../protocol/codec.ts';
import { onlyDefining } from '../../threads/thread-role.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { wholeOption } from '../numbers.ts';
import { modulesOf } from '../open-file.ts';
import { printableJson } from '../terminal.ts';
import { modulesOption, readingVerb } from '../verb.ts';

/** The state of an actor, now or at a version. */
export const show = readingVerb({
  summary: 'the state of an actor, folded from its events up to a version',
  usage: 'STREAM --modules PATH [--at VERSION]',
  argsMax: 1,
  options: {
    modules: modulesOption,
    at: { type: 'string', value: 'VERSION', help: 'the version of the stream to stop at; default the last' },
  },
  async run(backend, { args: [stream], options, terminal, runForeign }) {
    if (stream === undefined) throw new UsageError('The stream is missing, such as document/plan.');
    const upTo = wholeOption('at', options['at']) ?? Number.MAX_SAFE_INTEGER;
    // Machines are loaded by this verb alone.
    const [{ loadDefinitions }, { stateAt }, { installEntropy }] = await Promise.all([
      import('../../../actors/definitions/load-definitions.ts'),
      import('../../../actors/evolution/state-at.ts'),
      import('../../../actors/steps/install-entropy.ts'),
    ]);
    installEntropy();
    const modules = modulesOf(options['modules']);
    const { context, output, state, ...found } = await runForeign(async () => {
      const definitions = await onlyDefining(() => loadDefinitions(modules));
      return stateAt(definitions, stream, upTo, (request) => backend.reader().request('load', request));
    });
    const kept = JSON.parse(encode({ state, context, output }, stream)) as Record<string, unknown>;
    if (options['at'] !== undefined && found.version < upTo)
      terminal.error(`${stream} ends at version ${found.version}.`);
    if (terminal.isJson) terminal.json({ ...found, ...kept });
    else {
      terminal.object({ ...found, state: JSON.stringify(kept['state']) });
      terminal.line(printableJson(kept['context'], 2));
    }
    return exitCodes.done;
  },
});
