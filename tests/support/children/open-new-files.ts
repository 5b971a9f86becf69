// Usage: open-new-files.ts FOLDER COUNT START EVERY. Opens and closes COUNT databases of the folder, the first at START
// and the next each EVERY milliseconds later, and prints whatever an open throws.
import { join } from 'node:path';
import { openForWriting } from '../../../runtime/sqlite/connection/open-database.ts';
import { say } from './say.ts';

const [folder = '', count, start, every] = process.argv.slice(2);

for (let number = 0; number < Number(count); number++) {
  while (Date.now() < Number(start) + number * Number(every));
  try {
    openForWriting({ path: join(folder, `${number}.db`), lockTimeoutMs: 10_000 }).close();
  } catch (error) {
    say(String(error));
  }
}
