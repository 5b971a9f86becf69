// Usage: simulate.ts SEED. Prints the trace of a simulation of couriers with all faults.
import { addressOf, defineAggregate } from 'holdfast';
import { simulate } from 'holdfast/testing';
import { allFaults, makeCouriers } from '../courier.ts';

const { scenario } = makeCouriers({ addressOf, defineAggregate });
const { trace } = await simulate({ ...scenario(Number(process.argv[2])), steps: 12, faults: allFaults });
for (const record of trace) process.stdout.write(`${JSON.stringify(record)}\n`);
