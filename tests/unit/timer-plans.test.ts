import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/ports/clock.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { PendingDeliveries } from '../../runtime/sqlite/deliveries/pending-deliveries.ts';
import { RestartedTimers } from '../../runtime/sqlite/deliveries/restarted-timers.ts';
import { Runs } from '../../runtime/sqlite/deliveries/runs.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { plansOf } from '../support/statement-plans.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('neither a start, nor a sign of life, nor a look for what is due goes through the timers that wait', () => {
  const path = join(temporaryFolder(), 'app.db');
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  onTestFinished(() => database.close());
  const writer = new LogWriter(database, { path, lockTimeoutMs: 0, clock: systemClock, run: 'run' });

  const plans = plansOf(database, (seen) => {
    const identity = { pid: process.pid, process: 'this' };
    const writing: Pick<LogWriter, 'write' | 'onWork' | 'waitedMs'> = {
      write: (work) => writer.write(() => work(seen)),
      onWork: () => undefined,
      waitedMs: 0,
    };
    const runs = new Runs(writing, seen, { clock: systemClock, run: 'run', identity });
    runs.begin();
    runs.giveSign();
    return [new PendingDeliveries(seen), new RestartedTimers(writer, seen)];
  }).filter(([sql]) => sql.includes('timers') && !sql.includes('count(*)'));

  expect(plans.length).toBeGreaterThanOrEqual(6);
  const throughTimers = plans.filter(([, steps]) =>
    steps.some((step) => /SCAN timers|timers.*\(<expr>=\?\)$/.test(step)),
  );
  // Whether there is any timer in running time is known from the first.
  expect(throughTimers.map(([sql]) => sql)).toEqual([expect.stringContaining('select 1 where exists')]);
});
