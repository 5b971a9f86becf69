import { expect, onTestFinished, test, vi } from 'vitest';
import { afterAwake } from '../../runtime/waiting/awake-timer.ts';

/** How often a timer of a second has called back. */
function open() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const clock = vi.spyOn(performance, 'now');
  onTestFinished(() => {
    vi.useRealTimers();
    clock.mockRestore();
  });
  let now = 0;
  clock.mockImplementation(() => now);
  const called = vi.fn();
  const callOff = afterAwake(1_000, called);
  /** A second passes, and the process is suspended for so long besides. */
  const pass = (suspendedMs: number) => {
    now += 1_000 + suspendedMs;
    vi.advanceTimersByTime(1_000);
  };
  return { called, callOff, pass };
}

test('a timer calls back in time while the process is awake', () => {
  const { called, pass } = open();

  pass(5);

  expect(called).toHaveBeenCalledTimes(1);
});

test('a timer that was slept through begins anew, but not for ever', () => {
  const { called, pass } = open();

  for (let time = 0; time < 3; time++) pass(20_000);
  expect(called).not.toHaveBeenCalled();
  pass(20_000);

  expect(called).toHaveBeenCalledTimes(1);
});

test('a timer that is late since the thread was held up for a moment calls back', () => {
  const { called, pass } = open();

  pass(4_000);

  expect(called).toHaveBeenCalledTimes(1);
});

test('a timer that is called off is not heard of again', () => {
  const { called, callOff, pass } = open();
  pass(20_000);

  callOff();
  pass(0);

  expect(called).not.toHaveBeenCalled();
});
