import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Alarm } from '../../runtime/threads/alarm.ts';

const start = 1_700_000_000_000;
const hourMs = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({
    now: start,
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => {
  // A spy on a timer that is not real must not be there when the real one comes back: it would be put in its place later.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** An alarm on a wall clock that can be set; the processor's own clock goes on by itself. */
function makeAlarm() {
  let jumped = 0;
  const rung: number[] = [];
  const jumps: number[] = [];
  /** What others have counted of the same jumps, and what the alarm knew of that when it told of each. */
  const others = { countedMs: 0, known: [] as number[], areSilent: false };
  const clock = { now: () => start + performance.now() + jumped };
  const alarm = new Alarm(clock, {
    ring: () => rung.push(clock.now()),
    counted: () => {
      if (others.areSilent) throw new Error('the file cannot be read');
      return others.countedMs;
    },
    jump: (byMs, countedMs) => {
      jumps.push(byMs);
      others.known.push(countedMs);
      return others.countedMs;
    },
  });
  const jump = (byMs: number): void => {
    jumped += byMs;
  };
  return { alarm, clock, rung, jumps, jump, others };
}

test('rings at its moment, also when that is further away than one timeout can be', () => {
  const { alarm, clock, rung, jump } = makeAlarm();
  const timeouts = vi.spyOn(globalThis, 'setTimeout');
  const dueAt = clock.now() + 60 * 24 * hourMs;

  alarm.setFor(dueAt);
  jump(60 * 24 * hourMs - 10_000);
  vi.advanceTimersByTime(9_999);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);

  expect(rung).toEqual([dueAt]);
  const delays = timeouts.mock.calls.map(([, delayMs]) => delayMs ?? 0);
  expect(Math.max(...delays)).toBeLessThan(2 ** 31);
});

test('rings for the earliest of the moments that it is set for, and once', async () => {
  const { alarm, clock, rung } = makeAlarm();
  const now = clock.now();

  alarm.setFor(now + 5_000);
  alarm.setFor(now + 300);
  alarm.setFor(now + 9_000);
  await vi.advanceTimersByTimeAsync(20_000);

  expect(rung).toEqual([now + 300]);
});

test('rings at once for a moment that is past', async () => {
  const { alarm, clock, rung } = makeAlarm();

  alarm.setFor(clock.now() - 1);
  await vi.advanceTimersByTimeAsync(0);

  expect(rung).toHaveLength(1);
});

test('notices within a second that the computer has slept over its moment, and says for how long', async () => {
  const { alarm, clock, rung, jumps, jump } = makeAlarm();

  alarm.setFor(clock.now() + hourMs);
  jump(2 * hourMs);
  await vi.advanceTimersByTimeAsync(1_000);

  expect(rung).toHaveLength(1);
  expect(jumps).toEqual([2 * hourMs]);
});

test('waits longer when the clock was set back', async () => {
  const { alarm, clock, rung, jumps, jump } = makeAlarm();

  alarm.setFor(clock.now() + 5_000);
  jump(-hourMs);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(rung).toEqual([]);
  await vi.advanceTimersByTimeAsync(hourMs);

  expect(rung).toHaveLength(1);
  expect(jumps).toEqual([-hourMs]);
});

test('runs no timer while it is not set, and none after it was stopped', async () => {
  const { alarm, clock, rung } = makeAlarm();
  expect(vi.getTimerCount()).toBe(0);

  alarm.setFor(clock.now() + 10);
  alarm.stop();
  await vi.advanceTimersByTimeAsync(1_000);

  expect(vi.getTimerCount()).toBe(0);
  expect(rung).toEqual([]);
});

test('whoever asks is told of a jump before the alarm looks, and once', async () => {
  const { alarm, clock, jumps, jump } = makeAlarm();
  alarm.setFor(clock.now() + hourMs);

  jump(8 * hourMs);
  expect(alarm.checkClock()).toBe(true);
  expect(jumps).toEqual([8 * hourMs]);
  await vi.advanceTimersByTimeAsync(2_000);

  expect(jumps).toEqual([8 * hourMs]);
});

test('tells of a jump with what was counted before it, however late it looks and whoever has counted it meanwhile', async () => {
  const { alarm, clock, jumps, jump, others } = makeAlarm();
  others.countedMs = 7;
  alarm.setFor(clock.now() + 100 * hourMs);

  // Of something that this process has not seen, since it came before its alarm was set.
  others.countedMs = 5;
  await vi.advanceTimersByTimeAsync(1_000);
  jump(8 * hourMs);
  others.countedMs = 5 + 8 * hourMs;
  await vi.advanceTimersByTimeAsync(1_000);
  others.areSilent = true;
  jump(-hourMs);
  expect(alarm.checkClock()).toBe(true);

  expect(jumps).toEqual([8 * hourMs, -hourMs]);
  expect(others.known).toEqual([5, 5 + 8 * hourMs]);
});

test('tells of a jump that came while nothing was set, before anything is set by the clock', () => {
  const { alarm, clock, jumps, jump } = makeAlarm();
  expect(alarm.checkClock()).toBe(true);

  jump(-hourMs);
  expect(alarm.checkClock()).toBe(true);
  alarm.setFor(clock.now() + 5_000);

  expect(jumps).toEqual([-hourMs]);
});
