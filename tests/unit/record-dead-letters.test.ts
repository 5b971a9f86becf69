import { expect, test } from 'vitest';
import type { PendingRequest } from '../../runtime/hosts/pending-request.ts';
import { recordDeadLetters } from '../../runtime/hosts/record-dead-letters.ts';
import type { ExpectedVersion } from '../../runtime/protocol/append.ts';
import type { NewDeadLetter } from '../../runtime/protocol/dead-letter.ts';
import { blankRequest } from '../../runtime/protocol/host-messages.ts';
import type { SqliteEventStoreBackend } from '../../runtime/store/sqlite-backend.ts';

test('a dead letter keeps the version that its command expected as a number, and no word', async () => {
  const kept: NewDeadLetter[] = [];
  const control = {
    async call(_method: string, [letters]: [NewDeadLetter[]]) {
      kept.push(...letters);
      return letters.map((_letter, index) => index + 1);
    },
  };
  const backend = { store: () => ({ thread: { control } }) } as unknown as SqliteEventStoreBackend;
  const commandThatExpects = (expectedVersion: ExpectedVersion | null) => {
    const request = { ...blankRequest('send', 'counter/1'), name: 'added', payload: '{}', expectedVersion };
    return { request, isCommand: true } as PendingRequest;
  };

  const commands = [
    commandThatExpects(3),
    commandThatExpects('no-stream'),
    commandThatExpects('stream-exists'),
  ];
  const ids = await recordDeadLetters(backend, [...commands, commandThatExpects(null)], 'poison', null);

  expect([...ids.values()]).toEqual([1, 2, 3, 4]);
  expect(kept.map(({ expectedVersion }) => expectedVersion)).toEqual([3, 0, null, null]);
});
