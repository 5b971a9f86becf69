import { defineAggregate } from 'holdfast';
import { assign, setup } from 'xstate';

/** What is known of a text file. Its path changes when it is renamed; the id of its document never does. */
export interface DocumentFacts {
  /** Below the watched folder, with slashes. */
  readonly path: string;
  /** SHA-256 of the content, by which a file is recognised under another name. */
  readonly hash: string;
  readonly bytes: number;
}

/** What happens to a document. Each event carries exactly the facts that it changes. */
export type DocumentEvent =
  | ({ readonly type: 'created' } & DocumentFacts)
  | { readonly type: 'revised'; readonly hash: string; readonly bytes: number }
  | { readonly type: 'renamed'; readonly path: string }
  | { readonly type: 'removed' };

/** A file that comes back is created again, on the document that it was. */
export const document = defineAggregate('document', {
  machine: setup({
    types: {} as { context: DocumentFacts; events: DocumentEvent },
    actions: {
      learn: assign(({ event: { type: _, ...facts } }) => facts),
    },
  }).createMachine({
    initial: 'absent',
    context: { path: '', hash: '', bytes: 0 },
    states: {
      absent: { on: { created: { target: 'present', actions: 'learn' } } },
      present: {
        on: { revised: { actions: 'learn' }, renamed: { actions: 'learn' }, removed: 'removed' },
      },
      removed: { on: { created: { target: 'present', actions: 'learn' } } },
    },
  }),
});
