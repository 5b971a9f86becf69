import { holdfastError } from '../../errors/holdfast-error.ts';
import type { SqliteDatabase } from '../driver.ts';
import { storageError } from '../storage-error.ts';

/** Lets the methods of an object throw coded errors only: of the storage, and once the database is closed. */
export function codedCalls<Api extends { [Method in keyof Api]: (...args: never[]) => unknown }>(
  database: SqliteDatabase,
  path: string,
  api: Api,
): Api {
  const rethrow = (error: unknown): never => {
    throw database.open ? storageError(error, path) : closed(path);
  };
  const coded =
    (method: (...args: never[]) => unknown) =>
    (...args: never[]): unknown => {
      try {
        const result = method(...args);
        return result instanceof Promise ? result.catch(rethrow) : result;
      } catch (error) {
        return rethrow(error);
      }
    };
  const methods = Object.entries<(...args: never[]) => unknown>(api);
  return Object.fromEntries(methods.map(([name, method]) => [name, coded(method)])) as Api;
}

function closed(path: string): Error {
  return holdfastError(
    'HOLDFAST_ERR_CLOSED',
    `The store on ${path} was closed meanwhile. Open it again to go on.`,
  );
}
