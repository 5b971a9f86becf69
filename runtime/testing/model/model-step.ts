import { toSource } from './to-source.ts';

/** An event that is sent to the machine. */
export interface EventStep {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A command of the definition. */
export interface CommandStep {
  readonly type?: never;
  readonly command: string;
  readonly input?: unknown;
}

/**
 * A delayed event is due: the name of its timer, which is XState's (`xstate.after.1000.order.waiting`), the key in `after` if
 * only one that is set has it (`1000`), its `id`, or the type of an event that has no id.
 */
export interface TimerStep {
  readonly type?: never;
  readonly timer: string;
  /** Who has set it, if several have one of the name: the ids of child actors as JSON. */
  readonly actor?: string;
}

/** Work tells something: the name of its logic, and one of `done`, `error`, `next` and `send`. */
export interface WorkStep {
  readonly type?: never;
  readonly work: string;
  /** Which one, if several of the name are under way: the ids of actors as JSON. */
  readonly actor?: string;
  readonly done?: unknown;
  readonly error?: unknown;
  readonly next?: unknown;
  readonly send?: { readonly type: string };
}

/** Something goes wrong in a system that the machine is compared with. Of the machine alone it is no step. */
export interface FaultStep {
  readonly type?: never;
  /** One of those that the system can be brought to, such as `host-crash`. */
  readonly fault: string;
  /** While the next step is under way, so many milliseconds after it began. Left out: before it. */
  readonly amidMs?: number;
  /** Of `clock-jump`: how far, in milliseconds; negative is back. */
  readonly byMs?: number;
}

/** One thing that happens to a machine under test: an event if it has a `type`. */
export type ModelStep = EventStep | CommandStep | TimerStep | WorkStep | FaultStep;

/** How work may tell something. */
export const workEnds = ['done', 'error', 'next', 'send'] as const;

/** Which part of a step was drawn. */
export function drawnPartOf(step: ModelStep): unknown {
  switch (kindOf(step)) {
    case 'event': {
      const { type: _, ...payload } = step as EventStep;
      return payload;
    }
    case 'command':
      return (step as CommandStep).input;
    case 'work':
      return (step as WorkStep)[endOf(step as WorkStep)];
    default:
      return undefined;
  }
}

/** The same step with another value for the part that was drawn. */
export function withDrawnPart(step: ModelStep, value: unknown): ModelStep {
  switch (kindOf(step)) {
    case 'event':
      return { ...(value as object), type: (step as EventStep).type };
    case 'command':
      return { ...step, input: value };
    case 'work':
      return { ...step, [endOf(step as WorkStep)]: value } as WorkStep;
    default:
      return step;
  }
}

/** What a step is. An event may have payload that is called like the parts of other steps. */
export function kindOf(step: ModelStep): 'event' | 'command' | 'timer' | 'work' | 'fault' {
  if ('type' in step) return 'event';
  if ('command' in step) return 'command';
  if ('fault' in step) return 'fault';
  return 'timer' in step ? 'timer' : 'work';
}

/** How the work of a step tells something. */
export function endOf(step: WorkStep): (typeof workEnds)[number] {
  return workEnds.find((end) => end in step) ?? 'done';
}

/** The name of what happens, without the values. */
export function nameOf(step: ModelStep): string {
  switch (kindOf(step)) {
    case 'event':
      return (step as EventStep).type;
    case 'command':
      return (step as CommandStep).command;
    case 'timer':
      return (step as TimerStep).timer;
    case 'fault':
      return (step as FaultStep).fault;
    default:
      return (step as WorkStep).work;
  }
}

/** A step in one line, as it would be written in a program. */
export function stepSource(step: ModelStep): string {
  if (kindOf(step) !== 'event') return toSource(step);
  const { type, ...payload } = step as EventStep;
  return toSource({ type, ...payload });
}
