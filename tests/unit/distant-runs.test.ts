import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { deadPid, nobody, openRun } from '../support/open-run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const secondMs = 1_000;
const hourMs = 3_600_000;

/** What the computer shows, and the clock of its processor, which stands still while it sleeps. */
const clock = { ms: 0 };
const uptime = { ms: 0 };
let path = '';

beforeEach(() => {
  clock.ms = 1_000_000;
  uptime.ms = 0;
  path = join(temporaryFolder(), 'app.db');
});

function pass(ms: number): void {
  clock.ms += ms;
  uptime.ms += ms;
}

/** A run in a container: of all of them the process is the first, and its number nobody else's to be seen. */
const inContainer = (run: string, container: string) =>
  openRun(path, clock, run, deadPid, `1 ${run} ${container}`, undefined, () => uptime.ms);

const here = () => openRun(path, clock, 'here', process.pid, '1 here own', undefined, () => uptime.ms);

type Run = ReturnType<typeof here>['runs'];

/** Passes the time as processes do that look after the file every five seconds; returns what `runs` takes over meanwhile. */
function spend(seconds: number, signing: readonly Run[], runs?: Run): string[] {
  const claimed: string[] = [];
  for (let left = seconds; left > 0; left -= 5) {
    pass(5 * secondMs);
    for (const each of signing) {
      each.noticeSleep();
      each.giveSign();
    }
    claimed.push(...(runs?.claimOrphans() ?? []));
  }
  return claimed;
}

test('a run that cannot be seen keeps its work while it gives signs, and loses it once it is silent', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  there.append('s/1', { ...nobody, hasWork: true });
  const { runs } = here();
  runs.begin();

  expect(spend(120, [there.runs], runs)).toEqual([]);
  expect(spend(25, [], runs)).toEqual([]);
  expect(spend(10, [], runs)).toEqual(['s/1']);
});

test('neither a jump of the clock nor a night of sleep makes it silent', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  there.append('s/1', { ...nobody, hasWork: true });
  const { runs } = here();
  runs.begin();
  expect(spend(10, [there.runs], runs)).toEqual([]);

  for (const jumpMs of [10 * hourMs, -20 * hourMs]) {
    clock.ms += jumpMs;
    expect(runs.claimOrphans()).toEqual([]);
    expect(spend(20, [there.runs], runs)).toEqual([]);
  }
});

test('whoever has not looked for long begins to look anew', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  there.append('s/1', { ...nobody, hasWork: true });
  const { runs } = here();
  runs.begin();
  expect(runs.claimOrphans()).toEqual([]);

  pass(hourMs);

  expect(runs.claimOrphans()).toEqual([]);
  expect(spend(35, [], runs)).toEqual(['s/1']);
});

test('a run that had nothing in hand for days is known to live from the moment it takes work', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  pass(50 * hourMs);
  const { runs } = here();
  runs.begin();
  expect([...runs.living()]).toEqual(['here']);

  there.append('s/1', { ...nobody, hasWork: true });

  expect(runs.claimOrphans()).toEqual([]);
  expect([...runs.living()].toSorted()).toEqual(['here', 'there']);
});

test('of its own container a run knows at once who has ended', () => {
  const before = inContainer('before', 'own');
  before.runs.begin();
  before.append('s/1', { ...nobody, hasWork: true });
  const { runs } = here();
  runs.begin();

  expect(runs.claimOrphans()).toEqual(['s/1']);
});

test('what no run was there for is no running time, also where the last one cannot be seen', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  there.setTimer('remaining', 10 * 60 * secondMs);
  spend(4 * 60, [there.runs]);

  pass(hourMs);
  const { runs, nextDueAt } = here();
  runs.begin();

  expect(nextDueAt()).toBe(clock.ms + 6 * 60 * secondMs);
});

test('a run beside one that cannot be seen and has just given a sign moves no timer', () => {
  const there = inContainer('there', 'other');
  there.runs.begin();
  there.setTimer('restart', 10 * 60 * secondMs);
  const setAt = clock.ms;
  spend(60, [there.runs]);
  pass(4 * secondMs);

  here().runs.begin();

  expect(there.nextDueAt()).toBe(setAt + 10 * 60 * secondMs);
});
