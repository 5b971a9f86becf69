import type { SqliteValue } from '../driver.ts';

/** The driver binds each number as a float; what is whole is meant as an integer. */
export function toBound(value: unknown): SqliteValue {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : (value as SqliteValue);
}
