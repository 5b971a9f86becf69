import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import * as xstate from 'xstate';
import type { Mutant } from './mutants.ts';

/** The source of a machine with a planted bug. */
export function mutatedSource({ name, machine, find, replace }: Mutant): string {
  const url = new URL(`../../machines/${machine}.machine.ts`, import.meta.url);
  const parts = readFileSync(url, 'utf8').split(find);
  if (parts.length !== 2)
    throw new Error(`"${name}" replaces a text that ${machine} holds ${parts.length - 1} times, not once.`);
  return parts.join(replace);
}

/** A machine with a planted bug. Its file stays as it is: the changed source is compiled and run in memory. */
export function mutatedMachine(mutant: Mutant): xstate.AnyStateMachine {
  const { code } = transformSync(mutatedSource(mutant), { loader: 'ts', format: 'cjs', target: 'node22' });
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const load = (name: string): unknown => {
    if (name === 'xstate') return xstate;
    throw new Error(`A machine imports nothing but xstate, and "${mutant.machine}" imports ${name}.`);
  };
  new Function('module', 'exports', 'require', code)(module, module.exports, load);
  const machine = Object.values(module.exports).find((each) => each instanceof xstate.StateMachine);
  return machine as xstate.AnyStateMachine;
}
