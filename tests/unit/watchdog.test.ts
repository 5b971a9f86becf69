import type { MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Watchdog } from '../../runtime/hosts/watchdog.ts';
import { HostBoard } from '../../runtime/protocol/host-board.ts';

const limitMs = 1_000;
const tickMs = limitMs / 5;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The computer sleeps, and the clock of the processor counts it, as on macOS and Windows: a tick comes as it wakes. */
function sleep(ms: number): void {
  const { now } = performance;
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + ms);
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(tickMs);
}

/** A watchdog over a thread that answers as long as it is told to. */
function watched({ isArmed = true, within = limitMs } = {}) {
  const board = new HostBoard();
  const thread = { answers: true, sent: 0 };
  const calls = { hung: 0, ticks: 0 };
  const slept: number[] = [];
  const postMessage = (beat: number) => {
    thread.sent = beat;
    if (thread.answers) board.beat(beat);
  };
  const watchdog = new Watchdog({
    heartbeat: { postMessage } as unknown as MessagePort,
    board,
    limitMs: within,
    onTick: (sleptMs) => {
      calls.ticks++;
      if (sleptMs > 0) slept.push(sleptMs);
    },
    onSilent: () => undefined,
    onHung: () => calls.hung++,
  });
  if (isArmed) watchdog.arm();
  return { watchdog, thread, calls, slept, board, answer: () => board.beat(thread.sent) };
}

test('a thread that answers is never given up', () => {
  const { watchdog, calls } = watched();

  watchdog.start();
  vi.advanceTimersByTime(100 * limitMs);

  expect(calls).toEqual({ hung: 0, ticks: 500 });
});

test('a long limit does not keep what waits too long from being looked at every second', () => {
  const { watchdog, thread, calls } = watched({ within: 3_600_000 });
  thread.answers = false;
  watchdog.start();

  vi.advanceTimersByTime(10_000);
  expect(calls).toEqual({ hung: 0, ticks: 10 });
  vi.advanceTimersByTime(3_589_000);
  expect(calls.hung).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(calls.hung).toBe(1);
});

test('a thread that stops answering is given up once, after the limit and not before', () => {
  const { watchdog, thread, calls } = watched();
  watchdog.start();
  vi.advanceTimersByTime(10 * tickMs);
  thread.answers = false;

  vi.advanceTimersByTime(limitMs);
  expect(calls.hung).toBe(0);
  vi.advanceTimersByTime(2 * tickMs);
  expect(calls.hung).toBe(1);
  vi.advanceTimersByTime(100 * limitMs);
  expect(calls.hung).toBe(1);
});

test('a thread that goes on to other requests in one turn is given up only once it does not', () => {
  const { watchdog, thread, calls, board } = watched();
  watchdog.start();
  vi.advanceTimersByTime(10 * tickMs);
  thread.answers = false;
  for (let id = 1; id <= 10; id++) {
    board.working(id);
    vi.advanceTimersByTime(limitMs - tickMs);
    // What comes from within an actor can do so without an end.
    board.working(0);
  }
  expect(calls.hung).toBe(0);

  vi.advanceTimersByTime(2 * tickMs);
  expect(calls.hung).toBe(1);
});

test('a pause of the main thread or a suspended computer is not taken for a hung thread', () => {
  const { watchdog, thread, calls, answer } = watched();
  watchdog.start();
  vi.advanceTimersByTime(tickMs);
  thread.answers = false;

  // Hours pass without a turn of this event loop: timers that came due meanwhile fire once.
  for (let pause = 0; pause < 20; pause++) {
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(tickMs);
    answer();
    vi.advanceTimersByTime(tickMs);
  }

  expect(calls.hung).toBe(0);
});

test('a tick that the computer slept over is none of silence, and tells how long that was', () => {
  const { watchdog, thread, calls, slept } = watched();
  watchdog.start();
  vi.advanceTimersByTime(tickMs);
  thread.answers = false;
  // The last one was still answered.
  vi.advanceTimersByTime(5 * tickMs);

  sleep(8 * 3_600_000);
  expect([calls.hung, slept]).toEqual([0, [8 * 3_600_000]]);
  vi.advanceTimersByTime(tickMs);

  expect([calls.hung, slept]).toEqual([1, [8 * 3_600_000]]);
});

test('the silence of a thread that has not started yet does not count', () => {
  const { watchdog, thread, calls } = watched({ isArmed: false });
  thread.answers = false;
  watchdog.start();

  vi.advanceTimersByTime(100 * limitMs);
  expect(calls.hung).toBe(0);
  watchdog.arm();
  vi.advanceTimersByTime(limitMs);

  expect(calls.hung).toBe(1);
});

test('a late answer is taken for an answer', () => {
  const { watchdog, thread, calls, answer } = watched();
  watchdog.start();
  thread.answers = false;

  for (let round = 0; round < 10; round++) {
    vi.advanceTimersByTime(4 * tickMs);
    answer();
    vi.advanceTimersByTime(tickMs);
  }

  expect(calls.hung).toBe(0);
});

test('nobody is watched before the start and after the stop, and a new start begins anew', () => {
  const { watchdog, thread, calls } = watched();
  thread.answers = false;
  vi.advanceTimersByTime(10 * limitMs);
  expect(calls).toEqual({ hung: 0, ticks: 0 });

  watchdog.start();
  vi.advanceTimersByTime(4 * tickMs);
  watchdog.stop();
  vi.advanceTimersByTime(10 * limitMs);
  watchdog.start();
  watchdog.start();
  vi.advanceTimersByTime(4 * tickMs);

  expect(calls).toEqual({ hung: 0, ticks: 8 });
});
