import { types } from 'node:util';
import { describe } from '../protocol/names.ts';
import { checkOptions, checkWholeOption, invalidOption } from '../protocol/options.ts';
import { redactErrorBy } from './redact-error.ts';
import { defaultRules, type RedactionRules, redactTextBy } from './redact-text.ts';
import { redactBy } from './redact-value.ts';
import { keyTest, wordsOf } from './sensitive-keys.ts';

/** What a redactor masks besides, or other than, what `redact` masks. */
export interface RedactorOptions {
  /**
   * More sensitive keys, compared without regard to case and separators: `'pin'` also stands for `PIN` and `user_pin`,
   * and not for `spin`.
   */
  readonly keys?: readonly string[];
  /** Keys that are not sensitive though they look it, such as `'pageToken'`; compared as `keys` are, and exactly. */
  readonly allowedKeys?: readonly string[];
  /**
   * What else to mask in texts; all that matches is masked. It is searched for everywhere, whatever its flags `g` and `y`
   * say. It runs on text that others may have written: let it not repeat what repeats, as `(a+)+` does.
   */
  readonly patterns?: readonly RegExp[];
  /** What stands for a secret, of 1 to 64 characters. Default: `***`. */
  readonly replacement?: string;
  /** Levels of a value that are copied, from 1 to 500. Default: 32. */
  readonly depthMax?: number;
  /** Objects and entries of a value that are copied. Default: 50,000. */
  readonly nodesMax?: number;
}

/** The three functions of `holdfast/security`, with rules of one's own. They need no `this`. */
export interface Redactor {
  /** See `redact`. */
  readonly redact: (value: unknown) => unknown;
  /** See `redactText`. */
  readonly redactText: (text: string) => string;
  /** See `redactError`. */
  readonly redactError: (thrown: unknown) => Error;
}

/**
 * Makes a redactor that masks more than {@link redact} does. What that masks by default is always masked, but for
 * `allowedKeys`.
 *
 * @throws HOLDFAST_ERR_OPTION_INVALID for an unknown option, a key without a letter or digit, a pattern that is no RegExp
 * or matches the empty text, or a number out of range.
 *
 * @example
 * const { redact } = createRedactor({ keys: ['pin'], patterns: [/\b\d{4}(?: \d{4}){3}\b/] });
 */
export function createRedactor(options: RedactorOptions = {}): Redactor {
  const owner = 'createRedactor';
  checkOptions(owner, options, [
    'keys',
    'allowedKeys',
    'patterns',
    'replacement',
    'depthMax',
    'nodesMax',
  ] satisfies (keyof RedactorOptions)[]);
  checkWholeOption(owner, 'depthMax', options.depthMax, 1, 500);
  checkWholeOption(owner, 'nodesMax', options.nodesMax, 1);
  const { replacement = defaultRules.replacement } = options;
  if (typeof replacement !== 'string' || replacement.length < 1 || replacement.length > 64) {
    throw invalidOption(
      `${owner}: "replacement" must be a string of 1 to 64 characters, got ${describe(replacement)}.`,
    );
  }
  const rules: RedactionRules = {
    isSensitive: keyTest(
      checkedKeys(owner, 'keys', options.keys),
      checkedKeys(owner, 'allowedKeys', options.allowedKeys),
    ),
    patterns: [...defaultRules.patterns, ...checkedList(owner, 'patterns', options.patterns).map(toPattern)],
    replacement,
    depthMax: options.depthMax ?? defaultRules.depthMax,
    nodesMax: options.nodesMax ?? defaultRules.nodesMax,
  };
  return Object.freeze({
    redact: (value: unknown) => redactBy(rules, value),
    redactText: (text: string) => (typeof text === 'string' ? redactTextBy(rules, text) : rules.replacement),
    redactError: (thrown: unknown) => redactErrorBy(rules, thrown),
  });
}

function checkedList(owner: string, name: string, list: unknown = []): readonly unknown[] {
  if (Array.isArray(list)) return list;
  throw invalidOption(`${owner}: "${name}" must be an array, got ${describe(list)}.`);
}

function checkedKeys(owner: string, name: string, list: unknown): readonly string[] {
  return checkedList(owner, name, list).map((key) => {
    if (typeof key === 'string' && wordsOf(key) !== '') return key;
    throw invalidOption(
      `${owner}: each of "${name}" must be a string with a letter or digit, got ${describe(key)}.`,
    );
  });
}

/** A pattern of our own, so that nobody else moves its `lastIndex` or changes it. */
function toPattern(pattern: unknown): RegExp {
  if (!types.isRegExp(pattern)) {
    throw invalidOption(`createRedactor: each of "patterns" must be a RegExp, got ${describe(pattern)}.`);
  }
  const own = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
  if (''.search(own) === -1) return own;
  throw invalidOption(
    `createRedactor: the pattern ${pattern} matches the empty text, so it would match everywhere.`,
  );
}
