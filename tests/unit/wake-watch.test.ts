import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WakeWatch } from '../../runtime/resilience/wake-watch.ts';

let wakes = 0;
let watch: WakeWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] });
  wakes = 0;
  watch = new WakeWatch(() => wakes++);
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

/** The process stands still, as under SIGSTOP: both clocks go on, and the timer rings late, once. */
function suspend(ms: number): void {
  const monotonic = performance.now() + ms;
  vi.spyOn(performance, 'now').mockReturnValue(monotonic);
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(2_000);
  vi.mocked(performance.now).mockRestore();
}

test('a process that was suspended for eight seconds is told so', () => {
  suspend(8_000);

  expect(wakes).toBe(1);
});

test('a process that was held up for a moment has not slept', () => {
  suspend(4_000);

  expect(wakes).toBe(0);
});

test('a sleep of the computer that the monotonic clock does not count is seen by the clock on the wall', () => {
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(2_000);

  expect(wakes).toBe(1);
});

test('a clock that is moved back is no sleep, and neither is time that passes', () => {
  vi.setSystemTime(Date.now() - 7_200_000);
  vi.advanceTimersByTime(60_000);

  expect(wakes).toBe(0);
});

test('a watch that is closed tells nothing', () => {
  watch.close();
  suspend(60_000);

  expect(wakes).toBe(0);
});
