import type { SqliteDatabase } from '../driver.ts';

const recoveryTimeoutMs = 5_000;

/** A nap that took longer was slept through: the computer slept, or the process was suspended, in milliseconds. */
const napMaxMs = 100;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. Only for threads that have nothing else to do, such as the writer waiting for its lock. */
function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

/** How many milliseconds a wait for the lock slept; zero when the lock was free. */
export type WaitedMs = number;

/** How one waits for a lock. */
export interface LockWait {
  /** Whether to wait no longer. */
  readonly isHurried?: (() => boolean) | undefined;
  /** Told of each nap, in milliseconds: who waits is awake, though it does nothing else. */
  readonly onNap?: (ms: number) => void;
}

/**
 * Runs a step that needs a lock of SQLite, and repeats it while another process holds the lock. SQLite's own busy
 * handler sleeps up to 100 ms between tries, so a writer that commits without pause starves the others; short random
 * naps find its gaps. After `timeoutMs`, or once it is hurried, the busy error is thrown as it is.
 */
export function retryWhileBusy(step: () => void, timeoutMs: number, wait: LockWait = {}): WaitedMs {
  let waited = 0;
  for (;;) {
    try {
      step();
      return waited;
    } catch (error) {
      if (!isBusy(error) || waited >= timeoutMs || wait.isHurried?.()) throw error;
      const nap = 0.1 + Math.random() * Math.min(2, 0.2 + waited / 20);
      const from = performance.now();
      sleep(nap);
      const slept = Math.min(performance.now() - from, napMaxMs);
      wait.onNap?.(slept);
      waited += slept;
    }
  }
}

/** Takes the write lock for a transaction. */
export function beginImmediate(database: SqliteDatabase, timeoutMs: number, wait?: LockWait): WaitedMs {
  return withoutBusyHandler(database, () =>
    retryWhileBusy(() => database.exec('begin immediate'), timeoutMs, wait),
  );
}

/**
 * Gives the reads of a writing connection SQLite's own busy handler. They need it seldom, but then at any moment: after
 * another process has died in a commit, or has just created the log, one connection repairs the index of the log and
 * all others are answered SQLITE_BUSY_RECOVERY meanwhile.
 */
export function waitForRecoveries(database: SqliteDatabase): void {
  database.exec(`pragma busy_timeout = ${recoveryTimeoutMs}`);
}

/** Runs a step that waits in its own way, or not at all. */
export function withoutBusyHandler<T>(database: SqliteDatabase, step: () => T): T {
  database.exec('pragma busy_timeout = 0');
  try {
    return step();
  } finally {
    waitForRecoveries(database);
  }
}

/** Leaves a gap for a process that waits for the lock. */
export function yieldLock(): void {
  sleep(1);
}

function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown })?.code ?? '').startsWith('SQLITE_BUSY');
}
