import { join } from 'node:path';
import { openRawLog } from '../fixtures/raw-log.ts';
import { RawQueue } from '../fixtures/raw-queue.ts';
import { readTask, report } from '../measurement.ts';

const { folder, size, subject, inFlight: perTransaction } = readTask();
const database = await openRawLog(join(folder, 'raw.db'));
const queue = new RawQueue(database);
if (subject === 'drain') queue.insert(0, size);

const start = performance.now();
for (let done = 0; done < size; ) {
  if (subject === 'drain') done += queue.carryOut(perTransaction);
  else {
    queue.insert(done, perTransaction);
    done += perTransaction;
  }
}
const seconds = (performance.now() - start) / 1_000;

database.close();
report({ value: size / seconds, unit: 'operations/s', detail: { operations: size, seconds } });
