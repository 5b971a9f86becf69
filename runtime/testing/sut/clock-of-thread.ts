import type { SutMessage } from './sut-message.ts';
import { openSutChannel, VirtualClock } from './virtual-clock.ts';

/** Has this thread's `Date.now` tell the virtual clock. */
export function setClock(): void {
  const clock = VirtualClock.ofProcess();
  Date.now = () => clock.wallMs;
}

/**
 * Has the time-outs of the store thread, which are its alarm's, come when the clock is moved and not before: the alarm
 * then looks whether it has to ring. What it takes for the time that has passed is that of the virtual clock.
 */
export function driveAlarms(): void {
  const clock = VirtualClock.ofProcess();
  performance.now = () => clock.runningMs;
  // However long the test takes, it does not sleep.
  process.hrtime.bigint = () => 0n;
  const waiting = new Map<object, () => void>();
  const { clearTimeout: clearReal } = globalThis;
  const set = (look: () => void): object => {
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => false };
    waiting.set(handle, look);
    return handle;
  };
  const clear = (handle: object | undefined): void => {
    if (handle !== undefined && !waiting.delete(handle)) clearReal(handle as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  const channel = openSutChannel();
  channel.onmessage = (message) => {
    if ((message as { data: SutMessage }).data.kind !== 'moved') return;
    const looks = [...waiting.values()];
    waiting.clear();
    for (const look of looks) look();
  };
}
