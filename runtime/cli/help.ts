import type { Verb, VerbOption } from './verb.ts';

/** What all verbs take. */
export const commonOptions = {
  json: { type: 'boolean', help: 'print a line of JSON for each thing' },
  help: { type: 'boolean', short: 'h', help: 'say this; also -h' },
} as const;

/** The help of the command line. */
export function helpOfAll(verbs: Readonly<Record<string, Verb>>): string {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return `Usage: holdfast VERB DATABASE [...] [--json]

${lines.join('\n')}

--json prints a line of JSON for each thing; progress goes to stderr. Files are only read, but by import, rebuild and
dead-letters requeue or discard; none of these creates a database but import.
Exit codes: 0 done, 1 failed, 2 not understood, 3 problems were found, 130 interrupted.
holdfast help VERB says more of one, holdfast --version which version this is.
`;
}

/** The help of one verb, with a line for each option. */
export function helpOf(name: string, { summary, usage, options }: Verb): string {
  const all: readonly (readonly [string, VerbOption])[] = Object.entries({ ...options, ...commonOptions });
  const lines = all.map(([option, { value, help }]) => {
    const shown = value === undefined ? `--${option}` : `--${option} ${value}`;
    return `  ${shown.padEnd(19)}${help}\n`;
  });
  return `Usage: holdfast ${name} DATABASE ${usage === '' ? '' : `${usage} `}[--json]\n\n${summary}\n\n${lines.join('')}`;
}
