import { describe } from '../../protocol/names.ts';
import { invalidOption } from '../../protocol/options.ts';

/** Refuses an option that lacks a method; `undefined` is for the default and passes. */
export function checkMethods(owner: string, name: string, value: unknown, methods: readonly string[]): void {
  if (value === undefined) return;
  const given = value as Readonly<Record<string, unknown>> | null;
  if (methods.every((method) => typeof given?.[method] === 'function')) return;
  throw invalidOption(
    `${owner}: "${name}" must have the methods ${methods.join(', ')}, got ${describe(value)}.`,
  );
}
