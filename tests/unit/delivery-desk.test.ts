import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { TimerPolicy } from '../../runtime/protocol/consequences.ts';
import { LogWriter } from '../../runtime/sqlite/log-writer.ts';
import { openForWriting } from '../../runtime/sqlite/open-database.ts';
import { DeliveryDesk } from '../../runtime/threads/delivery-desk.ts';
import { GroupCommit } from '../../runtime/threads/group-commit.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const minuteMs = 60_000;
const start = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({
    now: start,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => vi.useRealTimers());

/** The desk of a run on a file, and a computer that can sleep: then the clock goes on, and the processor does not. */
function openDesk() {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  let sleptMs = 0;
  const clock = { now: () => start + performance.now() + sleptMs };
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock, run: 'run' });
  const signals: string[] = [];
  const desk = new DeliveryDesk({
    writer,
    database,
    clock,
    run: 'run',
    process: 'this',
    signal: ({ kind }) => signals.push(kind),
  });
  const commits = new GroupCommit(writer, {
    before: () => desk.committing(),
    after: () => desk.committed(),
  });
  desk.begin();
  onTestFinished(() => desk.end());
  return {
    sleep(ms: number) {
      sleptMs += ms;
    },
    setTimer(id: string, policy: TimerPolicy, delayMs: number) {
      const timer = {
        change: 'set',
        actor: '',
        name: 'soon',
        to: { actor: '' },
        type: 'soon',
        data: '{}',
      } as const;
      const timers = [{ ...timer, delayMs, policy }];
      const consequences = { consumed: null, timers, messages: [], hasWork: null, deadLetter: null };
      const request = { ...foreignAppend(`s/${id}`, 'noted', {}), consequences };
      commits.add({ request, answer: (outcome) => expect(outcome).toMatchObject({ outcome: 'appended' }) });
      commits.drain();
    },
    due: () => desk.dueTimers({ ids: [], addresses: [], kinds: [] }).map(({ address }) => address),
  };
}

test('who asks right after the computer has slept is given what the clock made due, and nothing that did not run', () => {
  const { sleep, setTimer, due } = openDesk();
  setTimer('deadline', 'deadline', 60 * minuteMs);
  setTimer('remaining', 'remaining', 60 * minuteMs);

  sleep(8 * 60 * minuteMs);
  expect(due()).toEqual(['s/deadline']);
  vi.advanceTimersByTime(60 * minuteMs);

  expect(due()).toEqual(['s/deadline', 's/remaining']);
});

test('a timer that is set right after the computer has slept has not slept', () => {
  const { sleep, setTimer, due } = openDesk();
  setTimer('before', 'remaining', 60 * minuteMs);

  sleep(8 * 60 * minuteMs);
  setTimer('after', 'remaining', minuteMs);
  vi.advanceTimersByTime(minuteMs);

  expect(due()).toEqual(['s/after']);
});
