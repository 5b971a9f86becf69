import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '../../runtime/protocol/limits.ts';
import type { TimerPolicy } from '../../runtime/protocol/timer.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { DeliveryDesk } from '../../runtime/threads/delivery-desk.ts';
import { GroupCommit } from '../../runtime/threads/group-commit.ts';
import { foreignAppend } from '../support/hosted-actor.ts';
import { soonTimer } from '../support/soon-timer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const minuteMs = 60_000;
const start = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({
    now: start,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
  awakeMs = performance.now.bind(performance);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let awakeMs: () => number;

const uptimeOf =
  (computer: { sleptMs: number }, sleepCounts: boolean, from = 0) =>
  (): number =>
    from + awakeMs() + (sleepCounts ? computer.sleptMs : 0);

/**
 * The desk of a run on a file, and a computer that can sleep: then the clock goes on, and the processor's own clock too
 * where the system counts sleep (macOS and Windows, while Linux does not), but nothing runs.
 */
function openDesk({
  path = join(temporaryFolder(), 'app.db'),
  run = 'run',
  sleepCounts = false,
  computer = { sleptMs: 0 },
  uptime = uptimeOf(computer, sleepCounts),
} = {}) {
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  // Hours of signs of life are written, and none of these tests ends without warning.
  database.exec('pragma synchronous = off');
  onTestFinished(() => database.close());
  const clock = { now: uptimeOf(computer, true, start) };
  if (sleepCounts) vi.spyOn(performance, 'now').mockImplementation(uptime);
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock, run });
  const signals: string[] = [];
  const desk = new DeliveryDesk({
    writer,
    database,
    clock,
    uptime,
    run,
    identity: { pid: process.pid, process: run },
    signal: ({ kind }) => signals.push(kind),
  });
  const commits = new GroupCommit(writer, {
    before: () => desk.committing(),
    after: () => desk.committed(),
  });
  desk.begin();
  onTestFinished(() => desk.end());
  return {
    path,
    database,
    desk,
    signals,
    sleep(ms: number) {
      computer.sleptMs += ms;
    },
    setTimer(id: string, policy: TimerPolicy, delayMs: number) {
      const timers = [soonTimer(policy, delayMs)];
      const consequences = { consumed: null, timers, messages: [], hasWork: null, deadLetter: null };
      const request = { ...foreignAppend(`s/${id}`, 'noted', {}), consequences };
      commits.add({ request, answer: (outcome) => expect(outcome).toMatchObject({ outcome: 'appended' }) });
      commits.drain();
    },
    due: () => desk.dueTimers({ ids: [], addresses: [], kinds: [] }).map(({ address }) => address),
  };
}

describe.each([
  ['Linux', false],
  ['macOS and Windows', true],
])('on %s', (_, sleepCounts) => {
  test('who asks right after the computer has slept is given what the clock made due, and nothing that did not run', () => {
    const { sleep, setTimer, due } = openDesk({ sleepCounts });
    setTimer('deadline', 'deadline', 60 * minuteMs);
    setTimer('remaining', 'remaining', 60 * minuteMs);
    setTimer('restart', 'restart', 60 * minuteMs);

    sleep(8 * 60 * minuteMs);
    expect(due()).toEqual(['s/deadline']);
    vi.advanceTimersByTime(60 * minuteMs - 1);
    expect(due()).toEqual(['s/deadline']);
    vi.advanceTimersByTime(1);

    expect(due()).toEqual(['s/deadline', 's/remaining', 's/restart']);
  });

  test('a timer that is set right after the computer has slept has not slept', () => {
    const { sleep, setTimer, due } = openDesk({ sleepCounts });
    setTimer('before', 'remaining', 60 * minuteMs);

    sleep(8 * 60 * minuteMs);
    setTimer('after', 'remaining', minuteMs);
    vi.advanceTimersByTime(minuteMs);

    expect(due()).toEqual(['s/after']);
  });

  test('a sleep that ends with the sign of life has ended before it', () => {
    const { sleep, setTimer, due } = openDesk({ sleepCounts });
    setTimer('soon', 'remaining', 60 * minuteMs);
    vi.advanceTimersByTime(4_999);

    sleep(8 * 60 * minuteMs);
    vi.advanceTimersByTime(1);
    vi.advanceTimersByTime(60 * minuteMs - 5_001);
    expect(due()).toEqual([]);
    // Up to one sign of life may count as slept.
    vi.advanceTimersByTime(5_001);

    expect(due()).toEqual(['s/soon']);
  });
});

test('a run that could not begin, since another process held the lock, begins with its next sign of life', () => {
  const path = join(temporaryFolder(), 'app.db');
  const other = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => other.close());
  other.exec('begin immediate');
  const runs = () => other.prepare<string>('select run from runs').pluck().all();

  expect(() => openDesk({ path })).toThrow('HOLDFAST_ERR_STORAGE_BUSY');
  vi.advanceTimersByTime(5_000);
  expect(runs()).toEqual([]);
  other.exec('rollback');
  vi.advanceTimersByTime(5_000);

  expect(runs()).toEqual(['run']);
});

test('a clock that was set back while nothing was set makes no timer late that is set then', () => {
  const { sleep, setTimer, due } = openDesk();

  sleep(-60 * minuteMs);
  setTimer('restart', 'restart', minuteMs);
  setTimer('remaining', 'remaining', minuteMs);
  vi.advanceTimersByTime(minuteMs - 1);
  expect(due()).toEqual([]);
  vi.advanceTimersByTime(1);

  expect(due()).toEqual(['s/restart', 's/remaining']);
});

test('two processes that have slept the same night count it once, whichever wakes first', () => {
  const computer = { sleptMs: 0 };
  const first = openDesk({ sleepCounts: true, computer });
  const second = openDesk({ sleepCounts: true, computer, path: first.path, run: 'second' });
  first.setTimer('soon', 'remaining', 60 * minuteMs);

  for (const [early, late] of [
    [first, second],
    [second, first],
  ] as const) {
    first.sleep(8 * 60 * minuteMs);
    expect(early.due()).toEqual([]);
    expect(late.due()).toEqual([]);
    vi.advanceTimersByTime(30 * minuteMs);
  }

  expect([first.due(), second.due()]).toEqual([['s/soon'], ['s/soon']]);
});

test('a process that was suspended beside one that ran takes no running time away', () => {
  const first = openDesk({ sleepCounts: true });
  first.setTimer('soon', 'remaining', 60 * minuteMs);
  const uptime = vi.fn(() => 0);
  const suspended = openDesk({ path: first.path, run: 'suspended', uptime });

  vi.advanceTimersByTime(59 * minuteMs);
  uptime.mockReturnValue(59 * minuteMs);
  expect(suspended.desk.runs.noticeSleep()).toBe(true);
  vi.advanceTimersByTime(minuteMs);

  expect(first.due()).toEqual(['s/soon']);
});

test('an hour in which nothing happened was not slept, and nothing is written for it', () => {
  const { database, setTimer } = openDesk({ sleepCounts: true });
  const written = () => database.prepare('select seen_at, away_ms from runs, running_time').all();
  const before = written();

  vi.advanceTimersByTime(60 * minuteMs);
  setTimer('soon', 'deadline', minuteMs);

  expect(written()).toEqual(before);
});

test('a sleep that cannot be written yet hands out nothing in running time until it is', () => {
  const { database, sleep, setTimer, due } = openDesk({ sleepCounts: true });
  setTimer('soon', 'remaining', 60 * minuteMs);
  database.exec('pragma query_only = on');

  sleep(8 * 60 * minuteMs);
  expect(due()).toEqual([]);
  database.exec('pragma query_only = off');
  expect(due()).toEqual([]);
  vi.advanceTimersByTime(60 * minuteMs);

  expect(due()).toEqual(['s/soon']);
});

test('timers that begin anew come with their whole delay after a start, however many come up at once', () => {
  const before = openDesk();
  for (let id = 0; id < limits.deliveriesMax + 2; id++) before.setTimer(`${id}`, 'restart', 60 * minuteMs);
  vi.advanceTimersByTime(30 * minuteMs);
  before.desk.end();

  const { setTimer, due, signals } = openDesk({ path: before.path, run: 'next' });
  setTimer('other', 'remaining', 30 * minuteMs);
  vi.advanceTimersByTime(30 * minuteMs);
  signals.length = 0;
  expect(due()).toEqual(['s/other']);
  // More of them than are moved at once have come up: the alarm rings again at once.
  vi.advanceTimersByTime(1);
  expect(signals).toEqual(['timers']);
  expect(due()).toEqual(['s/other']);
  vi.advanceTimersByTime(30 * minuteMs - 2);
  expect(due()).toEqual(['s/other']);
  vi.advanceTimersByTime(1);

  expect(due()).toHaveLength(limits.deliveriesMax);
});
