import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { orAborted } from '../../waiting/or-aborted.ts';
import { exitCodes, UsageError } from '../exit-codes.ts';
import { wholeNumber } from '../numbers.ts';
import { modulesOf, mustExist, openForLooking } from '../open-file.ts';
import type { TableRow } from '../terminal.ts';
import { modulesOption, type Verb, type VerbContext } from '../verb.ts';

/** Lists dead letters, sends one again, or discards one. */
export const deadLetters: Verb = {
  summary: 'list dead letters; send one again; discard one',
  usage: '[requeue ID --modules PATH | discard ID]',
  argsMax: 2,
  options: { modules: modulesOption },
  async run(context) {
    const [action, id] = context.args;
    if (action === undefined) return list(context);
    if (action !== 'requeue' && action !== 'discard')
      throw new UsageError(`dead-letters takes requeue or discard, got "${action}".`);
    if (id === undefined) throw new UsageError('The id of the dead letter is missing.');
    const deadLetterId = wholeNumber(`dead-letters ${action}`, id);
    mustExist(context.database);
    const modules = action === 'requeue' ? modulesOf(context.options['modules']) : [];
    const { createRuntime } = await import('../../create-runtime.ts');
    const { database, signal } = context;
    // It takes no signal, and may wait for the lock of another process.
    await using runtime = await context.runForeign(() => createRuntime({ database, modules }));
    if (action === 'discard') {
      await orAborted(runtime.discardDeadLetter(deadLetterId), signal);
      context.terminal.object({ discarded: deadLetterId });
    } else {
      const { stream, version, position } = await orAborted(runtime.requeueDeadLetter(deadLetterId), signal);
      context.terminal.object({ requeued: deadLetterId, stream, version, position });
    }
    return exitCodes.done;
  },
};

async function list({ database, terminal, signal }: VerbContext): Promise<number> {
  await using opened = await openForLooking(database);
  const reader = opened.backend.reader();
  const rows: TableRow[] = [];
  for (let after = 0; ; ) {
    const page: readonly DeadLetter[] = await orAborted(reader.request('deadLetters', after), signal);
    if (page.length === 0) break;
    for (const letter of page) {
      after = letter.deadLetterId;
      if (terminal.isJson) terminal.json(letter);
      else rows.push(rowOf(letter));
    }
  }
  if (!terminal.isJson) terminal.rows(rows, 'no dead letters');
  return exitCodes.done;
}

function rowOf({ deadLetterId, address, type, reason, detail, recordedAt }: DeadLetter): TableRow {
  return {
    id: deadLetterId,
    at: new Date(recordedAt).toISOString(),
    address,
    type,
    reason,
    detail: (detail ?? '').slice(0, 60),
  };
}
