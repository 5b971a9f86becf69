import type { Progress } from '../ports/event-store-backend.ts';

/** A row of a table, by the names of its columns. */
export type TableRow = Readonly<Record<string, string | number | boolean | null>>;

/** Where the command line writes to: tables for people, lines of JSON for machines, progress beside both. */
export class Terminal {
  readonly isJson: boolean;
  #progressLength = 0;
  #progressAt = 0;

  constructor(isJson: boolean) {
    this.isJson = isJson;
  }

  /** One value: a line of JSON, or a table of its names and values. */
  object(value: TableRow): void {
    if (this.isJson) return this.json(value);
    const width = Math.max(...Object.keys(value).map((name) => name.length));
    for (const [name, content] of Object.entries(value))
      this.line(`${name.padEnd(width)}  ${printable(text(content))}`);
  }

  /** Rows: a line of JSON for each, or a table. */
  rows(rows: readonly TableRow[], none = 'nothing'): void {
    if (this.isJson) {
      for (const row of rows) this.json(row);
      return;
    }
    const [first] = rows;
    if (first === undefined) return this.line(none);
    const names = Object.keys(first);
    const cells = [names, ...rows.map((row) => names.map((name) => printable(text(row[name] ?? null))))];
    // There may be more rows than a function takes arguments.
    const widths = names.map((_, column) =>
      cells.reduce((width, row) => Math.min(60, Math.max(width, (row[column] as string).length)), 0),
    );
    for (const row of cells) {
      this.line(
        row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd(),
      );
    }
  }

  /** A line for people; nothing where JSON is wanted. */
  note(line: string): void {
    if (!this.isJson) this.line(line);
  }

  json(value: unknown): void {
    this.line(printableJson(value));
  }

  line(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** What went wrong, beside the output. */
  error(message: string): void {
    process.stderr.write(`holdfast: ${message}\n`);
  }

  /** Shows how far something is, on a terminal only, ten times a second. */
  readonly progress = ({ done, total }: Progress): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || (now - this.#progressAt < 100 && done < total)) return;
    this.#progressAt = now;
    const line = `${done} of ${total}`;
    process.stderr.write(`\r${line.padEnd(this.#progressLength)}`);
    this.#progressLength = line.length;
  };

  clearProgress(): void {
    if (this.#progressLength > 0) process.stderr.write(`\r${' '.repeat(this.#progressLength)}\r`);
    this.#progressLength = 0;
  }
}

function text(value: string | number | boolean | null): string {
  return value === null ? '' : String(value);
}

/** Control characters that JSON leaves as they are, and those that turn the direction of a text. */
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/** A text that cannot steer a terminal. */
export function printable(value: string): string {
  return printableJson(value).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
}

/** The JSON of a value, as other JSON of the same where the plain one could steer a terminal. */
export function printableJson(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replaceAll(
    steering,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
