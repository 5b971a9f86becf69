import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { OperationTable } from '../../runtime/sqlite/operations/operation-table.ts';
import { DeliveryDesk } from '../../runtime/threads/delivery-desk.ts';
import { newOperation, roomy } from '../support/operation-subject.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const secondMs = 1_000;

/** A runtime without actors in a container of its own, whose queue takes what it is given. */
function openQueue(path: string, run: string) {
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const clock = { now: () => Date.now() };
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock, run });
  const identity = { pid: 1, process: `1 0 ${run}` };
  const uptime = () => performance.now();
  const desk = new DeliveryDesk({ writer, database, clock, uptime, run, identity, signal: () => undefined });
  onTestFinished(() => desk.end());
  const table = new OperationTable(database, writer, desk.ofOperations);
  const claim = (): string[] => {
    const wanted = { queue: 'mail', names: ['send'], limit: 1, sequenceMax: null, isIdle: true };
    const { claimed } = table.claim({ ...wanted, run, unfinishedStartsMax: 3 }, Date.now());
    return claimed.map(({ operationId }) => operationId);
  };
  return { table, claim };
}

/** A container that has an operation in hand, beside another one. */
function openTwo() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const path = join(temporaryFolder(), 'app.db');
  const first = openQueue(path, 'first');
  first.table.enqueue([{ operations: [newOperation('a')], limits: roomy, now: Date.now() }]);
  expect(first.claim()).toEqual(['a']);
  return () => openQueue(path, 'second');
}

test('a runtime that only has a queue keeps an operation in hand, however long that takes', () => {
  const second = openTwo()();

  for (let seconds = 0; seconds < 600; seconds += 5) {
    expect(second.claim()).toEqual([]);
    vi.advanceTimersByTime(5 * secondMs);
  }
});

test('a runtime that only has a queue takes over what a killed one had in hand that it could not see', () => {
  const open = openTwo();
  vi.clearAllTimers();
  const second = open();
  expect(second.claim()).toEqual([]);
  vi.advanceTimersByTime(25 * secondMs);
  expect(second.claim()).toEqual([]);

  // As long as a queue rests that has nothing to do.
  vi.advanceTimersByTime(30 * secondMs);

  expect(second.claim()).toEqual(['a']);
});
