import type { OperationHandlers } from './store-and-forward-options.ts';

/** What the handler of a name takes. Without a name where there are several, nothing that anybody has. */
export type PayloadOf<Handlers extends OperationHandlers, Name extends keyof Handlers> = [Name] extends [
  never,
]
  ? 'there are several handlers: say which with `name` in the options'
  : Handlers[Name] extends () => unknown
    ? unknown
    : Parameters<Handlers[Name]>[0];

/** The name of the handler that there is, if there is one only: it need not be given. */
export type OnlyName<Handlers, All = keyof Handlers & string> = All extends unknown
  ? [keyof Handlers & string] extends [All]
    ? All
    : never
  : never;
