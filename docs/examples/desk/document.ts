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

/** The beginning of its text, for the index; events of the first desks have none. */
interface Text {
  readonly text?: string;
}

/** What happens to a document. Each event carries exactly the facts that it changes. */
export type DocumentEvent =
  | ({ readonly type: 'created' } & DocumentFacts & Text)
  | ({ readonly type: 'revised'; readonly hash: string; readonly bytes: number } & Text)
  | { readonly type: 'renamed'; readonly path: string }
  | { readonly type: 'removed' };

/** A file that comes back is created again, on the document that it was. */
export const document = defineAggregate('document', {
  machine: setup({
    types: {} as { context: DocumentFacts; events: DocumentEvent },
    actions: {
      // The text is in the log, where the index finds it: an actor in memory has no use for it.
      learn: assign(({ event }) => {
        const { type: _, text: __, ...facts } = event as DocumentEvent & Text;
        return facts;
      }),
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
