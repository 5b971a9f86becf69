import type { MachineEvent } from '../../actors/xstate-adapter.ts';
import type { World } from './statechart-world.ts';

/** Something that happens to a machine from outside. */
export type ScriptStep =
  | { readonly kind: 'send'; readonly event: MachineEvent }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'world'; readonly what: string; readonly act: (world: World) => void };

/** The machine gets an event that it may or may not accept. */
export const send = (type: string, payload: object = {}): ScriptStep => ({
  kind: 'send',
  event: { ...payload, type },
});

/** Time passes. */
export const advance = (ms: number): ScriptStep => ({ kind: 'advance', ms });

const world = (what: string, act: (world: World) => void): ScriptStep => ({ kind: 'world', what, act });

/** A promise is fulfilled. */
export const resolve = (name: string, output?: unknown): ScriptStep =>
  world(`${name} resolves`, (it) => it.to(name, (work) => work.resolve?.(output)));

/** A promise is rejected, or an observable fails. */
export const reject = (name: string, error: unknown = new Error(`${name} failed`)): ScriptStep =>
  world(`${name} fails`, (it) => it.to(name, (work) => work.reject?.(error)));

/** A callback sends an event to its parent. */
export const sendBack = (name: string, type: string, payload: object = {}): ScriptStep =>
  world(`${name} sends ${type}`, (it) => it.to(name, (work) => work.sendBack?.({ ...payload, type })));

/** An observable has a new value. */
export const next = (name: string, value: unknown): ScriptStep =>
  world(`${name} goes on`, (it) => it.to(name, (work) => work.next?.(value)));

/** An observable ends. */
export const complete = (name: string): ScriptStep =>
  world(`${name} completes`, (it) => it.to(name, (work) => work.complete?.()));
