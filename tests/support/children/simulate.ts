// Usage: simulate.ts SEED [--fake-timers]. Prints the trace of a simulation of couriers with all faults.
import { mock } from 'node:test';
import { addressOf, defineAggregate } from 'holdfast';
import { simulate } from 'holdfast/testing';
import { allFaults, makeCouriers } from '../courier.ts';

const { scenario } = makeCouriers({ addressOf, defineAggregate });
// Those of a test that has not simulated anything yet.
if (process.argv[3] === '--fake-timers') mock.timers.enable();
const { trace } = await simulate({ ...scenario(Number(process.argv[2])), steps: 12, faults: allFaults });
for (const record of trace) process.stdout.write(`${JSON.stringify(record)}\n`);
