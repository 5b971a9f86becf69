import type { FastCheck } from './fast-check.ts';

const examplesOfEach = 3;
const flags = '[dgimsuvy]*';
const body = String.raw`\/((?:[^\\\/\n[*]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^\\\/\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/(${flags})`;
// Where a slash can be no division.
const tested = new RegExp(`${body}\\s*\\.\\s*(?:test|exec)\\s*\\(`, 'g');
const matched = new RegExp(`\\.\\s*(?:match|matchAll|search)\\s*\\(\\s*${body}`, 'g');

/** Texts that the patterns in a text of code match, the same ones each time. */
export function* textsMatching(fc: FastCheck, code: string): Generator<string> {
  for (const [, source, modes] of [...code.matchAll(tested), ...code.matchAll(matched)]) {
    try {
      // What matches in its own case matches in any.
      const pattern = new RegExp(source as string, (modes as string).replaceAll(/[giy]/g, ''));
      yield* fc.sample(fc.stringMatching(pattern, { size: '-1' }), { seed: 1, numRuns: examplesOfEach });
    } catch {
      // One that fast-check cannot draw for, such as with a look-behind.
    }
  }
}
