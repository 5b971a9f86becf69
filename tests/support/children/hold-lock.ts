// Usage: hold-lock.ts DATABASE. Holds the write lock of a database, from its first line until it is written to.
import { DatabaseSync } from 'node:sqlite';
import { say } from './say.ts';

const database = new DatabaseSync(process.argv[2] ?? '', { timeout: 10_000 });
database.exec('begin immediate');
say('holding');
process.stdin.once('data', () => {
  database.exec('commit');
  database.close();
  process.stdin.destroy();
});
