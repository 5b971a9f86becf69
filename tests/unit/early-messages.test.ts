import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assign, createMachine } from 'xstate';
import { holdfastError } from '../../runtime/errors/holdfast-error.ts';
import type { Consumed } from '../../runtime/protocol/delivery.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { codedError } from '../support/coded-error.ts';
import { AskedHost, foreignAppend, hostedMachine } from '../support/hosted-actor.ts';
import { nobody } from '../support/open-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a message is not taken before the one that goes before it, and is once that one is gone', () => {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: { now: () => 0 }, run: 'run' });
  const message = { target: 's/1', type: 'said', data: '{}', schemaVersion: null };
  const sent = { ...nobody, messages: [message, message] };
  writer.appendGroup([{ ...foreignAppend('s/0', 'sent', {}), consequences: sent }]);
  const take = (consumed: Consumed) => ({
    ...foreignAppend('s/1', 'said', {}),
    consequences: { ...nobody, consumed },
  });
  const first = take({ from: 'outbox', id: 1, after: 0 });
  const second = take({ from: 'outbox', id: 2, after: 1 });

  const early = codedError('HOLDFAST_ERR_VERSION_CONFLICT', { expected: 'any', actual: 0 });
  expect(writer.appendGroup([second])).toEqual([early]);
  expect(writer.position).toBe(1);

  expect(writer.appendGroup([first, second])).toMatchObject([
    { outcome: 'appended', version: 1 },
    { outcome: 'appended', version: 2 },
  ]);
  expect(database.prepare('select * from outbox').all()).toEqual([]);
});

test('messages whose predecessor is not delivered are refused at once, and hold up no command', async () => {
  const hosted = hostedMachine(createMachine({ context: {}, on: { said: { actions: assign({}) } } }));
  const asked = new AskedHost(new Map([['s', hosted]]));
  const appends: number[] = [];
  const early = holdfastError('HOLDFAST_ERR_VERSION_CONFLICT', 'Early.', {
    stream: 's/1',
    expected: 'any',
    actual: 0,
  });
  // The first has failed: it is not there, and each of the others waits for the one before it.
  asked.log.breakWith(({ consequences }) => {
    const id = consequences?.consumed?.id;
    if (id === undefined) return undefined;
    appends.push(id);
    return early;
  });
  const place = { from: 'outbox', address: 's/1', actor: '', passOnTo: null, sender: 's/0' } as const;
  const message = { ...place, type: 'said', data: '{}' };

  const answers = [2, 3, 4].map((id) => asked.deliver({ ...message, id }, id - 1));
  const command = asked.send('s/1', 'said', {});

  expect(await Promise.all(answers)).toEqual([early, early, early]);
  expect(await command).toMatchObject({ version: 1 });
  expect(appends).toEqual([2, 3, 4]);
});
