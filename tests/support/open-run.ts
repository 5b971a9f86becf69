import { onTestFinished } from 'vitest';
import type { Consequences } from '../../runtime/protocol/consequences.ts';
import type { TimerPolicy } from '../../runtime/protocol/timer.ts';
import { openForWriting } from '../../runtime/sqlite/connection/open-database.ts';
import { PendingDeliveries } from '../../runtime/sqlite/deliveries/pending-deliveries.ts';
import { RestartedTimers } from '../../runtime/sqlite/deliveries/restarted-timers.ts';
import { Runs } from '../../runtime/sqlite/deliveries/runs.ts';
import { LogWriter } from '../../runtime/sqlite/log/log-writer.ts';
import { foreignAppend } from './hosted-actor.ts';
import { soonTimer } from './soon-timer.ts';

/** What an append brings about that asks for nothing. */
export const nobody: Consequences = {
  consumed: null,
  timers: [],
  messages: [],
  hasWork: null,
  deadLetter: null,
};

/** A number that no process has: pids end far below. */
export const deadPid = 2 ** 22 + 1;

/** A system that does not tell which process a number belongs to. */
const silentSystem = (): undefined => undefined;

/** One run on a file: its own connection, and a clock that all runs of a test share. */
export function openRun(
  path: string,
  clock: { ms: number },
  run: string,
  pid = process.pid,
  processName = run,
  identityOf: (pid: number) => string | undefined = silentSystem,
  uptime?: () => number,
  sinceBoot: () => number = () => Number.POSITIVE_INFINITY,
  lockTimeoutMs = 0,
) {
  const database = openForWriting({ path, lockTimeoutMs: 0 });
  // Hours of signs of life are written, and none of these tests ends without warning.
  database.exec('pragma synchronous = off');
  onTestFinished(() => database.close());
  const now = { now: () => clock.ms };
  const writer = new LogWriter(database, { path, lockTimeoutMs, clock: now, run });
  const identity = { pid, process: processName };
  const runs = new Runs(writer, database, { clock: now, run, identity, identityOf, uptime, sinceBoot });
  const pending = new PendingDeliveries(database);
  const restarted = new RestartedTimers(writer, database);
  const append = (stream: string, consequences: Consequences) =>
    writer.appendGroup([{ ...foreignAppend(stream, 'noted', {}), consequences }]);
  const setTimer = (policy: TimerPolicy, delayMs: number, stream = `s/${policy}`) => {
    append(stream, { ...nobody, timers: [soonTimer(policy, delayMs)] });
  };
  const due = (max = 10) =>
    pending.dueTimers(clock.ms, max, { ids: [], addresses: [], kinds: [] }).map(({ address }) => address);
  return {
    database,
    runs,
    append,
    setTimer,
    due,
    moveOn: () => restarted.moveOn(clock.ms),
    nextDueAt: () => pending.nextDueAt(clock.ms),
  };
}
