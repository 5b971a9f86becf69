import { type Caller, callers } from '../fixtures/breakers.ts';
import { median, readTask, report } from '../measurement.ts';

const batch = 1_000;

const { folder, size, subject } = readTask();
const [name = '', state = 'closed'] = subject.split(': ');
let isFailing = state === 'open';
const work = async (): Promise<number> => {
  if (isFailing) throw new Error('down');
  return 1;
};
const caller = await callers[name]!(work, folder);
for (; isFailing; isFailing = !caller.isOpen()) await caller.call().catch(() => undefined);

const times: number[] = [];
const time = state === 'open' ? timeRejected : timeCalls;
for (let done = 0; done < size / 5; done += batch) await time(caller);
for (let done = 0; done < size; done += batch) times.push((await time(caller)) / batch);
await caller.close();
const meanNs = times.reduce((sum, each) => sum + each, 0) / times.length;
report({ value: median(times), unit: 'ns', detail: { meanNs, calls: size } });

async function timeCalls({ call }: Caller): Promise<number> {
  const start = process.hrtime.bigint();
  for (let index = 0; index < batch; index++) await call();
  return Number(process.hrtime.bigint() - start);
}

async function timeRejected({ call }: Caller): Promise<number> {
  let through = 0;
  const start = process.hrtime.bigint();
  for (let index = 0; index < batch; index++) {
    try {
      await call();
      through++;
    } catch {}
  }
  const tookNs = Number(process.hrtime.bigint() - start);
  if (through > 0) throw new Error(`${through} calls got through an open circuit.`);
  return tookNs;
}
