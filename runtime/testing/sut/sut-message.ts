import type { WorkEnd } from './work-registry.ts';

/** What threads of a process under test tell each other. */
export type SutMessage =
  /** The clock was moved. */
  | { readonly kind: 'moved' }
  /** A host thread is to crash: that of a place, or of any if it is not known. */
  | { readonly kind: 'crash'; readonly host: number }
  /** Work of a key is to come to something; `value` is encoded. */
  | {
      readonly kind: 'tell';
      readonly id: number;
      readonly key: string;
      readonly end: WorkEnd['end'];
      readonly value: string;
    }
  /** The host thread that has the work has told it. */
  | { readonly kind: 'told'; readonly id: number };
