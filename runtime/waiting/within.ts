import { afterAwake } from './awake-timer.ts';

/** Resolves with whether the work was done in time. */
export function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let callOff: (() => void) | undefined;
  const late = new Promise<false>((resolve) => {
    callOff = afterAwake(timeoutMs, () => resolve(false));
  });
  return Promise.race([work.then(() => true), late]).finally(callOff);
}
