// Writes without pause to a database of an older version: each transaction moves one from a row to another, wherever they
// are, and the log is copied back after every few. Says so once it has begun.
import { openSqlite } from '../../../runtime/sqlite/driver.ts';

const [path = '', rows = ''] = process.argv.slice(2);
const database = openSqlite(path, { readonly: false, busyTimeoutMs: 5_000 });
database.pragma('wal_autocheckpoint = 8');
database.pragma('synchronous = off');
const move = database.prepare('update pages set n = n + iif(id = ?, 1, -1) where id in (?, ?)');
for (let n = 0; ; n++) {
  const from = 1 + ((n * 7_919) % Number(rows));
  const to = 1 + ((from + Number(rows) / 2) % Number(rows));
  move.run(to, from, to);
  if (n === 0) process.stdout.write('begun\n');
}
