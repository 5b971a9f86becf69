import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { defineAggregate } from '../../actors/definitions/define-aggregate.ts';
import { defineProjection } from '../../runtime/projections/define-projection.ts';
import { defineReactor } from '../../runtime/projections/define-reactor.ts';
import { codedError } from '../support/coded-error.ts';

const document = defineAggregate('document', {
  machine: setup({ types: {} as { events: { type: 'created' } | { type: 'revised' } } }).createMachine({
    initial: 'absent',
    states: { absent: { on: { created: 'draft' } }, draft: { on: { revised: {} } } },
  }),
  upcast: { drafted: [() => [{ type: 'created' }]] },
});
const files = defineAggregate('document.files', {
  machine: setup({ types: {} as { events: { type: 'added.one' } } }).createMachine({ on: { 'added.*': {} } }),
});
const anything = defineAggregate('anything', { machine: setup({}).createMachine({ on: { '*': {} } }) });

const on = (key: string, from: readonly unknown[]): never => ({ from, on: { [key]: () => null } }) as never;
const refused = (message: string) =>
  codedError('HOLDFAST_ERR_OPTION_INVALID', { message: expect.stringContaining(message) });

test.each([
  ['document.craeted', 'of no event in "from" (document). Did you mean "document.created"?'],
  ['documnt.created', 'of no event in "from" (document). Did you mean "document.created"?'],
])(
  '%s is no key of events of the definitions given, which a reactor and a projection say at once',
  (key, message) => {
    const given = on(key, [document]);

    expect(() =>
      defineProjection('all', { version: 1, initial: () => 0, ...(given as object) } as never),
    ).toThrow(refused(message));
    expect(() => defineReactor('all', given)).toThrow(refused(message));
  },
);

test.each([
  ['an event of any state', 'document.revised', [document]],
  ['one that only the past has', 'document.drafted', [document]],
  ['one that nothing is like, which may be of the past', 'document.archived', [document]],
  ['all others of a kind', 'document.*', [document]],
  ['all others', '*', [document]],
  ['what is kept beside the events of the machine', 'document.holdfast.failed', [document]],
  ['one that a wildcard of the machine takes', 'document.files.added.two', [document, files]],
  ['any of a machine that takes any', 'anything.whatever', [anything]],
])('%s may have a handler', (_, key, from) => {
  expect(() => defineReactor('all', on(key, from))).not.toThrow();
});
