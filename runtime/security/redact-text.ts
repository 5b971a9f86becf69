import { assignedSecrets } from './assigned-secrets.ts';
import { encodedSecrets } from './encoded-secrets.ts';
import { type KeyTest, keyTest } from './sensitive-keys.ts';
import { replaceSpans, type Span } from './span.ts';
import { tokenPatterns } from './token-patterns.ts';
import { urlSecretsIn } from './url-secrets.ts';

/** What stands for a secret. */
export const mask = '***';

/** What is masked, how, and how much of a value is looked at. */
export interface RedactionRules {
  readonly isSensitive: KeyTest;
  /** Each with the flag `g`. */
  readonly patterns: readonly RegExp[];
  readonly replacement: string;
  readonly depthMax: number;
  readonly nodesMax: number;
}

/** The rules where none are given. */
export const defaultRules: RedactionRules = {
  isSensitive: keyTest(),
  patterns: tokenPatterns,
  replacement: mask,
  depthMax: 32,
  nodesMax: 50_000,
};

/**
 * A text with the secrets in it masked: tokens of known forms (Bearer, Basic, JWT, AWS, GitHub, GitLab, Slack, Stripe,
 * OpenAI, Anthropic, Google, npm and others), private keys in PEM, credentials, query values and opaque fragments of
 * URLs, and what is assigned to a sensitive key, as in `password=value` or `"apiKey": "value"`.
 *
 * Nothing of a secret is shown, not even its length. It takes time in proportion to the length of the text, accepts
 * any string, also ill-formed ones, and changes nothing the second time unless one secret lay in the way of another. A
 * secret of no known form that stands under no key is not found: wrap it in a {@link Secret} where it enters the program.
 *
 * @example
 * redactText('GET https://bob:hunter2@host/?page=2 failed'); // 'GET https://***@host/?page=*** failed'
 */
export function redactText(text: string): string {
  return typeof text === 'string' ? redactTextBy(defaultRules, text) : mask;
}

/** {@link redactText} by other rules. */
export function redactTextBy(rules: RedactionRules, text: string): string {
  return replaceSpans(text, spansIn(rules, text), rules.replacement);
}

/** Found in the original text, so that no mask hides from one pattern what another would have matched. */
function spansIn(rules: RedactionRules, text: string, depth = 0): Span[] {
  const spans: Span[] = [
    ...urlSecretsIn(text),
    ...assignedSecrets(text, rules.isSensitive),
    ...privateKeys(text),
    ...encodedSecrets(text, (decoded, deeper) => spansIn(rules, decoded, deeper), depth),
  ];
  for (const pattern of rules.patterns) {
    for (const { 0: found, index } of text.matchAll(pattern)) spans.push([index, index + found.length]);
  }
  return spans;
}

/** Blocks of PEM; one that was cut off ends with the text. */
function* privateKeys(text: string): Generator<Span> {
  let done = 0;
  for (const { index } of text.matchAll(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/g)) {
    if (index < done) continue;
    const last = text.indexOf('-----END ', index);
    const end = last === -1 ? -1 : text.indexOf('-----', last + 9);
    done = end === -1 ? text.length : end + 5;
    yield [index, done];
  }
}
