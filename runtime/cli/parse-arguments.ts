import { parseArgs } from 'node:util';
import { nearestName } from '../errors/nearest-name.ts';
import { UsageError } from './exit-codes.ts';
import { commonOptions } from './help.ts';
import type { Verb } from './verb.ts';

/** What was written after a verb. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Reads what was written after a verb. Node.js splits it and lets everything pass, since its own refusals name neither
 * the verb nor the option that was meant.
 */
export function parseArguments(name: string, verb: Verb, args: readonly string[]): Arguments {
  const options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>> = {
    ...commonOptions,
    ...verb.options,
  };
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName: given, value, inlineValue } = token;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new UsageError(unknown(name, given, Object.keys(options)));
    if (option.type === 'boolean' && value !== undefined) throw new UsageError(`${given} takes no value.`);
    const isNone = value === undefined || value === '' || (inlineValue !== true && /^-[-a-z]/i.test(value));
    if (option.type === 'string' && isNone)
      throw new UsageError(`${given} needs a value: holdfast ${name} --help says which.`);
  }
  return { values: values as Arguments['values'], positionals };
}

function unknown(verb: string, given: string, options: readonly string[]): string {
  const near = nearestName(given.replace(/^-+/, ''), options);
  const hint = near === undefined ? `holdfast ${verb} --help says which there are` : `did you mean --${near}`;
  return `"${verb}" has no option ${given}; ${hint}${near === undefined ? '.' : '?'}`;
}
