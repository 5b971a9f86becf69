import { happens, oneOf } from '../model/choice.ts';
import type { Random } from '../model/fast-check.ts';
import type { FaultStep } from '../model/model-step.ts';
import type { Proposal } from '../model/moves.ts';
import type { SystemUnderTest } from './system-under-test.ts';

const faultProbability = 0.15;
/** Of a process or thread: each takes the time of many steps. */
const endsMax = 2;
const ends = ['host-crash', 'process-kill'];
const amidMsMax = 4;
const jumpsMs = [3_000, 60_000, 3_600_000, 86_400_000];

/** The same steps with faults before some of them. */
export function withFaults(
  proposals: readonly Proposal[],
  { faults = [], amidFaults = [] }: SystemUnderTest,
  random: Random,
): Proposal[] {
  const all = [...new Set([...faults, ...amidFaults])];
  if (all.length === 0) return [...proposals];
  let endsLeft = endsMax;
  return proposals.flatMap((proposal) => {
    if (!happens(random, faultProbability)) return [proposal];
    const fault = oneOf(random, all);
    if (ends.includes(fault) && endsLeft-- <= 0) return [proposal];
    const isAmid = !faults.includes(fault) || (amidFaults.includes(fault) && happens(random, 0.5));
    const step: FaultStep = {
      fault,
      ...(isAmid ? { amidMs: random.nextInt(0, amidMsMax) } : {}),
      ...(fault === 'clock-jump' ? { byMs: oneOf(random, jumpsMs) * (happens(random, 0.5) ? 1 : -1) } : {}),
    };
    return [{ step }, proposal];
  });
}

/** The same fault, made simpler, the simplest first. */
export function simplerFaults(
  { fault, amidMs, byMs }: FaultStep,
  { faults = [] }: SystemUnderTest,
): FaultStep[] {
  const by = byMs === undefined ? {} : { byMs };
  const between = amidMs !== undefined && faults.includes(fault) ? [{ fault, ...by }] : [];
  const sooner = amidMs !== undefined && amidMs > 0 ? [{ fault, amidMs: 0, ...by }] : [];
  const nearer = jumpsMs
    .filter((ms) => byMs !== undefined && ms < Math.abs(byMs))
    .map((ms) => ({
      fault,
      ...(amidMs === undefined ? {} : { amidMs }),
      byMs: Math.sign(byMs as number) * ms,
    }));
  return [...between, ...sooner, ...nearer];
}
