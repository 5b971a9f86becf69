import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { limits } from '../../runtime/protocol/limits.ts';
import { applicationId } from '../../runtime/sqlite/connection/schema-version.ts';
import { openSqlite } from '../../runtime/sqlite/driver.ts';
import { migrations } from '../../runtime/sqlite/migrations/index.ts';
import { codedError } from '../support/coded-error.ts';
import { deadPid, nobody, openRun } from '../support/open-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const minuteMs = 60_000;
test('what a run was not there for counts as the policy of each timer says', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const first = openRun(path, clock, 'first', deadPid);
  first.runs.begin();
  for (const policy of ['deadline', 'remaining', 'restart'] as const) first.setTimer(policy, 10 * minuteMs);
  clock.ms += 4 * minuteMs;
  first.runs.giveSign();

  clock.ms += 60 * minuteMs;
  const second = openRun(path, clock, 'second');
  second.runs.begin();
  const began = clock.ms;

  expect(second.due()).toEqual(['s/deadline']);
  expect(second.nextDueAt()).toBe(began + 6 * minuteMs);
  clock.ms = began + 6 * minuteMs;
  expect(second.due()).toEqual(['s/deadline', 's/remaining']);
  second.moveOn();
  expect(second.nextDueAt()).toBe(began + 10 * minuteMs);
});

/** A run with a timer, which waits long for locks, by the clock that it has. */
function openPatient(clock: { ms: number }) {
  const path = join(temporaryFolder(), 'app.db');
  const uptime = () => clock.ms;
  const opened = openRun(path, clock, 'run', process.pid, 'run', undefined, uptime, undefined, 15_000);
  opened.runs.begin();
  opened.setTimer('remaining', 10 * minuteMs);
  return {
    ...opened,
    /** Has it wait in vain. */
    waitForLock() {
      const other = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
      other.exec('begin immediate');
      // It is looked at before and after each nap.
      let looks = 0;
      const stopwatch = vi
        .spyOn(performance, 'now')
        .mockImplementation(() => (clock.ms += looks++ % 2 === 0 ? 0 : 50));
      try {
        expect(() => opened.runs.giveSign()).toThrow(codedError('HOLDFAST_ERR_STORAGE_BUSY'));
      } finally {
        stopwatch.mockRestore();
        other.close();
      }
    },
  };
}

test('a long wait for the lock of another process is running time, and no sleep', () => {
  const clock = { ms: 1_000_000 };
  const { runs, due, waitForLock } = openPatient(clock);

  waitForLock();
  expect(clock.ms).toBeGreaterThan(1_000_000 + 10_000);
  expect(runs.noticeSleep()).toBe(true);
  clock.ms = 1_000_000 + 10 * minuteMs;

  expect(due()).toEqual(['s/remaining']);
});

test('what another store of the same thread has waited for its lock hides no sleep', () => {
  const clock = { ms: 1_000_000 };
  const { runs, nextDueAt } = openPatient(clock);
  const dueAt = nextDueAt() ?? 0;

  openPatient({ ms: 1_000_000 }).waitForLock();
  clock.ms += 12_000;
  expect(runs.noticeSleep()).toBe(true);

  expect(nextDueAt()).toBe(dueAt + 12_000);
});

test('a run beside one that lives moves no timer', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const first = openRun(path, clock, 'first');
  first.runs.begin();
  first.setTimer('restart', 10 * minuteMs);
  clock.ms += minuteMs;

  openRun(path, clock, 'second', process.ppid).runs.begin();

  expect(first.nextDueAt()).toBe(1_000_000 + 10 * minuteMs);
});

/** A file that a killed run has left with more timers to begin anew than are moved at once, all for the same moment. */
function leaveTimers() {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const first = openRun(path, clock, 'first', deadPid);
  first.runs.begin();
  first.setTimer('restart', 10 * minuteMs);
  const copies = JSON.stringify(Array.from({ length: 2 * limits.deliveriesMax }, (_, copy) => copy));
  first.database
    .prepare(
      `insert into timers (stream, actor, name, recipient, type, data, policy, delay_ms, set_at, due_at)
       select 's/' || value, actor, name, recipient, type, data, policy, delay_ms, set_at, due_at
       from timers, (select value from json_each(?))`,
    )
    .run(copies);
  clock.ms += 4 * minuteMs;
  first.runs.giveSign();
  clock.ms += 60 * minuteMs;
  return { path, clock };
}

test('a start writes no timer; those that begin anew are moved when they come up, some at a time', () => {
  const { path, clock } = leaveTimers();
  const { database, runs, due, moveOn, nextDueAt } = openRun(path, clock, 'second');
  const rows = () => database.prepare('select * from timers order by timer_id').all();
  const before = rows();
  const began = clock.ms;

  runs.begin();
  expect(rows()).toEqual(before);
  expect(moveOn()).toBe(false);
  // At their old moment, which is the next that anything may be due at.
  expect(nextDueAt()).toBe(began + 6 * minuteMs);
  clock.ms = began + 6 * minuteMs;
  expect([moveOn(), moveOn(), moveOn(), moveOn()]).toEqual([true, true, false, false]);

  expect(due()).toEqual([]);
  expect(nextDueAt()).toBe(began + 10 * minuteMs);
  clock.ms = began + 10 * minuteMs;
  expect(due()).toHaveLength(10);
});

test('timers that could not be moved yet are handed out no earlier, and those behind them no later', () => {
  const { path, clock } = leaveTimers();
  const { runs, setTimer, due } = openRun(path, clock, 'second');
  runs.begin();
  setTimer('remaining', 7 * minuteMs);

  clock.ms += 7 * minuteMs;
  expect(due()).toEqual(['s/remaining']);
  clock.ms += 3 * minuteMs - 1;
  expect(due()).toEqual(['s/remaining']);
  clock.ms += 1;

  expect(due()).toContain('s/1');
});

test('a run that was killed half-way through moving them, and one beside it, leave every timer its whole delay', () => {
  const { path, clock } = leaveTimers();
  const second = openRun(path, clock, 'second', deadPid);
  second.runs.begin();
  clock.ms += 6 * minuteMs;
  second.runs.giveSign();
  second.moveOn();

  clock.ms += 60 * minuteMs;
  const third = openRun(path, clock, 'third');
  const beside = openRun(path, clock, 'beside', process.ppid);
  third.runs.begin();
  beside.runs.begin();
  const began = clock.ms;
  for (const passedMs of [0, 4, 6, 10].map((minutes) => minutes * minuteMs)) {
    clock.ms = began + passedMs - 1;
    for (const { moveOn, due } of [beside, third, beside, third, beside, third]) {
      moveOn();
      expect(due()).toEqual([]);
    }
  }
  expect([third.nextDueAt(), beside.nextDueAt()]).toEqual(Array(2).fill(began + 10 * minuteMs));
});

test('a clock that was set back while nobody ran keeps no timer that begins anew', () => {
  const { path, clock } = leaveTimers();
  clock.ms -= 24 * 60 * minuteMs;
  const { runs, due, nextDueAt } = openRun(path, clock, 'second');
  runs.begin();

  expect(nextDueAt()).toBe(clock.ms + 10 * minuteMs);
  clock.ms += 10 * minuteMs;
  expect(due()).toHaveLength(10);
});

test('timers that begin anew in a file of an older version keep to it', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const older = openSqlite(path, { readonly: false, busyTimeoutMs: 0 });
  for (const migration of migrations.slice(0, 8)) older.exec(migration);
  older.exec(
    `insert into replica values (1, '00', 0, 0, 0);
     insert into runs values ('older', ${deadPid}, 'older', 1000000, 0);
     insert into timers (stream, actor, name, recipient, type, data, policy, delay_ms, set_at, due_at)
     values ('s/1', '', 'soon', '{"actor":""}', 'soon', '{}', 'restart', 600000, 800000, 1400000);
     pragma application_id = ${applicationId};
     pragma user_version = 8`,
  );
  older.close();

  clock.ms += 60 * minuteMs;
  const { runs, due, moveOn, nextDueAt } = openRun(path, clock, 'newer');
  runs.begin();
  const began = clock.ms;
  clock.ms += 10 * minuteMs - 1;
  expect([moveOn(), due()]).toEqual([false, []]);
  expect(nextDueAt()).toBe(began + 10 * minuteMs);
  clock.ms += 1;

  expect(due()).toEqual(['s/1']);
});

test('the work of a run that was killed is taken over once, and that of a living one is left to it', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const killed = openRun(path, clock, 'killed', deadPid);
  killed.runs.begin();
  killed.append('s/killed', { ...nobody, hasWork: true });
  const living = openRun(path, clock, 'living', process.ppid);
  living.runs.begin();
  living.append('s/living', { ...nobody, hasWork: true });

  const next = openRun(path, clock, 'next');
  next.runs.begin();

  expect(next.runs.claimOrphans()).toEqual(['s/killed']);
  expect(next.runs.claimOrphans()).toEqual([]);
  expect(living.runs.claimOrphans()).toEqual([]);
});

test('a run whose process number belongs to a newer process is taken for dead', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const old = openRun(path, clock, 'old', process.pid, 'an older process');
  old.runs.begin();
  old.append('s/1', { ...nobody, hasWork: true });

  const next = openRun(path, clock, 'next', process.pid, 'this process');
  next.runs.begin();

  expect(next.runs.claimOrphans()).toEqual(['s/1']);
});

test('where the system tells who has a process number, neither silence nor a reused number deceives', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const identityOf = (): string => 'runs since noon';
  const gone = openRun(path, clock, 'gone', process.ppid, 'ran until noon');
  gone.runs.begin();
  gone.append('s/gone', { ...nobody, hasWork: true });
  const quiet = openRun(path, clock, 'quiet', process.ppid, 'runs since noon');
  quiet.runs.begin();
  quiet.append('s/quiet', { ...nobody, hasWork: true });

  clock.ms += 48 * 60 * minuteMs;
  const next = openRun(path, clock, 'next', process.pid, 'next', identityOf);
  next.runs.begin();

  expect(next.runs.claimOrphans()).toEqual(['s/gone']);
});

test('a run of an older Holdfast, which did not say where it has its number, keeps its work while its process lives', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  for (const began of ['5', '55']) {
    const older = openRun(path, clock, began, process.ppid, `${process.ppid} ${began}`);
    older.runs.begin();
    older.append(`s/${began}`, { ...nobody, hasWork: true });
  }

  const identityOf = (): string => `${process.ppid} 55 4026`;
  const next = openRun(path, clock, 'next', process.pid, `${process.pid} 66 4026`, identityOf);
  next.runs.begin();

  expect(next.runs.claimOrphans()).toEqual(['s/5']);
});

test('a run that ended, and one that has given no sign for long, leave their work to others', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const ended = openRun(path, clock, 'ended');
  ended.runs.begin();
  ended.append('s/ended', { ...nobody, hasWork: true });
  ended.runs.end();
  const silent = openRun(path, clock, 'silent', process.ppid);
  silent.runs.begin();
  silent.append('s/silent', { ...nobody, hasWork: true });

  clock.ms += 25 * 60 * minuteMs;
  const next = openRun(path, clock, 'next');
  next.runs.begin();

  expect(next.runs.claimOrphans().sort()).toEqual(['s/ended', 's/silent']);
});

test('where the system does not tell who has a process number, nobody lives of before the computer was started', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const old = openRun(path, clock, 'old', process.ppid);
  old.runs.begin();
  old.append('s/old', { ...nobody, hasWork: true });
  const upFor = (minutes: number, run: string) =>
    openRun(path, clock, run, process.pid, run, undefined, undefined, () => minutes * minuteMs);

  clock.ms += 10 * minuteMs;
  const beside = upFor(11, 'beside');
  const after = upFor(9, 'after');
  beside.runs.begin();

  expect(beside.runs.claimOrphans()).toEqual([]);
  after.runs.begin();
  expect(after.runs.claimOrphans()).toEqual(['s/old']);
});

test('work that a run cannot resume is left to another one', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const killed = openRun(path, clock, 'killed', deadPid);
  killed.runs.begin();
  killed.append('s/1', { ...nobody, hasWork: true });
  const stranger = openRun(path, clock, 'stranger');
  const friend = openRun(path, clock, 'friend', process.ppid);
  stranger.runs.begin();
  friend.runs.begin();
  expect(stranger.runs.claimOrphans()).toEqual(['s/1']);

  stranger.runs.release('s/1');

  expect(stranger.runs.claimOrphans()).toEqual([]);
  expect(friend.runs.claimOrphans()).toEqual(['s/1']);
});

type Run = ReturnType<typeof openRun>;

test('a jump of the clock moves the timers that do not follow it', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const run = openRun(path, clock, 'run');
  run.runs.begin();
  run.setTimer('remaining', 10 * minuteMs);

  clock.ms += 60 * minuteMs;
  run.runs.clockHasJumped(60 * minuteMs, 0);

  expect(run.due()).toEqual([]);
  expect(run.nextDueAt()).toBe(clock.ms + 10 * minuteMs);
});

test('a jump of some seconds, as when the clock is set right, counts as well', () => {
  const clock = { ms: 1_000_000 };
  const run = openRun(join(temporaryFolder(), 'app.db'), clock, 'only');
  run.runs.begin();
  run.setTimer('remaining', minuteMs);

  clock.ms += 5_000;
  run.runs.clockHasJumped(5_000, run.runs.countedJumps());

  expect(run.nextDueAt()).toBe(clock.ms + minuteMs);
});

test('a jump that every process notices counts once, whichever notices it first', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const runs = ['a', 'b', 'c'].map((run) => openRun(path, clock, run));
  for (const { runs: each } of runs) each.begin();
  runs[0]?.setTimer('remaining', 10 * minuteMs);

  for (const jumpMs of [60 * minuteMs, -20 * minuteMs]) {
    const countedMs = runs[0]?.runs.countedJumps() ?? 0;
    clock.ms += jumpMs;
    for (const at of [2, 0, 1]) {
      clock.ms += 1_500;
      runs[at]?.runs.clockHasJumped(jumpMs + at, countedMs);
    }
  }

  expect(runs.map(({ nextDueAt }) => nextDueAt())).toEqual(
    Array(3).fill(clock.ms + 10 * minuteMs - 9_000 + 2 * 2),
  );
});

test('jumps that a suspended process notices late, and as one, are not counted again', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const [awake, suspended] = ['awake', 'suspended'].map((run) => openRun(path, clock, run)) as [Run, Run];
  for (const { runs } of [awake, suspended]) runs.begin();
  awake.setTimer('remaining', 60 * minuteMs);
  let knownMs = awake.runs.countedJumps();
  const isKnown = knownMs;
  for (const jumpMs of [8 * 60 * minuteMs, -20 * minuteMs, 9 * 60 * minuteMs]) {
    clock.ms += jumpMs;
    knownMs = awake.runs.clockHasJumped(jumpMs, knownMs);
    clock.ms += 10 * minuteMs;
  }

  // The clock was set once more before it went on, which the other one has not noticed yet.
  clock.ms += 5 * minuteMs;
  suspended.runs.clockHasJumped((17 * 60 - 20 + 5) * minuteMs, isKnown);
  awake.runs.clockHasJumped(5 * minuteMs, knownMs);

  for (const { nextDueAt } of [awake, suspended]) expect(nextDueAt()).toBe(clock.ms + 30 * minuteMs);
});

test('running time goes on where it stood, however often nobody ran and the clock jumped', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  let ranMs = 0;
  for (let run = 0; run < 5; run++) {
    const { runs, setTimer, due, nextDueAt } = openRun(path, clock, `run ${run}`, deadPid);
    runs.begin();
    if (run === 0) setTimer('remaining', 60 * minuteMs);
    expect(nextDueAt()).toBe(clock.ms + 60 * minuteMs - ranMs);
    clock.ms += 10 * minuteMs;
    ranMs += 10 * minuteMs;
    clock.ms -= 3 * minuteMs;
    runs.clockHasJumped(-3 * minuteMs, runs.countedJumps());
    expect(due()).toEqual([]);
    runs.giveSign();
    clock.ms += 24 * 60 * minuteMs;
  }
  const last = openRun(path, clock, 'last', deadPid);
  last.runs.begin();
  clock.ms += 10 * minuteMs;

  expect(last.due()).toEqual(['s/remaining']);
});

test('timers come due in the order of their moments, by whichever time they go', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const first = openRun(path, clock, 'first', deadPid);
  first.runs.begin();
  first.runs.giveSign();
  clock.ms += 60 * minuteMs;
  const { runs, setTimer, due, nextDueAt } = openRun(path, clock, 'second');
  runs.begin();
  setTimer('restart', 3 * minuteMs);
  setTimer('deadline', 2 * minuteMs);
  setTimer('remaining', minuteMs);

  expect(nextDueAt()).toBe(clock.ms + minuteMs);
  clock.ms += 3 * minuteMs;

  expect(due()).toEqual(['s/remaining', 's/deadline', 's/restart']);
});

test('a run that takes something in hand is known to live at once, however long it was silent', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const silent = openRun(path, clock, 'silent', process.ppid);
  silent.runs.begin();
  clock.ms += 25 * 60 * minuteMs;
  const other = openRun(path, clock, 'other');
  expect([...other.runs.living()]).toEqual(['other']);

  silent.runs.stayKnown();
  expect([...other.runs.living()]).toEqual(['other', 'silent']);

  // Also after another one has removed it as dead.
  clock.ms += 25 * 60 * minuteMs;
  other.runs.begin();
  silent.runs.stayKnown();
  expect([...other.runs.living()].sort()).toEqual(['other', 'silent']);
});

test('a run begins once, and ends only what it has begun', () => {
  const path = join(temporaryFolder(), 'app.db');
  const clock = { ms: 1_000_000 };
  const first = openRun(path, clock, 'first');
  first.runs.end();
  first.runs.begin();
  first.setTimer('restart', 10 * minuteMs);
  clock.ms += minuteMs;

  first.runs.begin();

  expect(first.nextDueAt()).toBe(1_000_000 + 10 * minuteMs);
  expect([...openRun(path, clock, 'second', process.ppid).runs.living()].sort()).toEqual(['first', 'second']);
  first.runs.end();
  expect([...openRun(path, clock, 'third', process.ppid).runs.living()]).toEqual(['third']);
});
