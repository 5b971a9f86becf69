import type { CallRun, TripRule } from '../../machines/circuit-breaker.machine.ts';

/** The rule, said in another way: on every call that counts since the circuit was last closed or has forgotten. */
export function mustTrip(trip: TripRule, runs: readonly CallRun[]): boolean {
  const ended = runs.flatMap((run) => Array.from({ length: run.count }, () => run));
  const isBad = ({ outcome }: CallRun) => outcome === 'failed';
  if (trip.rule === 'consecutive')
    return ended.length >= trip.failures && ended.slice(-trip.failures).every(isBad);
  const now = ended.at(-1)?.at ?? 0;
  const seen =
    trip.rule === 'count' ? ended.slice(-trip.calls) : ended.filter(({ at }) => at > now - trip.windowMs);
  const failed = seen.filter(isBad).length;
  return failed > 0 && seen.length >= trip.callsMin && failed / seen.length >= trip.failureRate;
}
