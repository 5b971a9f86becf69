import type { NewEntry } from '../journal.ts';
import type { Asked } from '../steps/asked.ts';
import type { MachineEvent, MachineSnapshot } from '../xstate-adapter.ts';
import type { Resident } from './resident.ts';

/** What of an actor a decision is made on. */
export type Deciding = Pick<Resident, 'address' | 'id' | 'onInput' | 'hosted' | 'tree' | 'tip'>;

/** What a request does to an actor, computed and not yet durable. */
export interface Decision {
  readonly events: readonly NewEntry[];
  readonly snapshot: MachineSnapshot;
  readonly asked: Asked;
  /** What was delivered, as upcasters have made it an event of today, or several, or none, which is then not accepted. */
  readonly delivered?: readonly MachineEvent[];
  /** An instance that takes the place of the one that the decision was made on. */
  readonly tree: Resident['tree'];
}
