import { holdfastError } from '../../errors/holdfast-error.ts';
import { asciiLower, rollsBack, type SqlToken, tokensOf } from './sql-tokens.ts';
import { unrepeatableIn } from './unrepeatable.ts';

/** What the statements of a projection make. */
export interface TableDefinitions {
  /** Each as it was given. */
  readonly statements: readonly string[];
  readonly tables: readonly string[];
  readonly indexes: readonly string[];
}

/**
 * Words that stand in statements for something else than a table. While it is being built, a table has another name, which
 * takes the place of every such word.
 */
const ambiguous: ReadonlySet<string> = new Set(
  (
    'abort any asc avg blob check coalesce conflict count desc do fail ignore instead int integer key ' +
    'length like lower match max min nothing offset real replace rollback rowid strict sum text total ' +
    'upper without'
  ).split(' '),
);

/** Modules whose tables can be renamed with all that belongs to them. */
const modules = ['fts5', 'rtree'];

/**
 * Reads the statements that make the tables of a projection. Only tables and their indexes are made: a trigger or a view
 * would be a part of what events do that no handler shows.
 *
 * @throws HOLDFAST_ERR_PROJECTION_INVALID.
 */
export function readTableDefinitions(projection: string, sql: string): TableDefinitions {
  const statements: string[] = [];
  const tables: string[] = [];
  const indexes: string[] = [];
  for (const tokens of statementsOf(sql)) {
    const text = tokens
      .map((token) => token.text)
      .join('')
      .trim();
    const words = new Words(projection, text, tokens);
    const unrepeatable = unrepeatableIn(tokens);
    if (unrepeatable !== undefined)
      throw refused(projection, text, `${unrepeatable} gives something else each time.`);
    if (rollsBack(tokens))
      throw refused(projection, text, 'ON CONFLICT ROLLBACK would undo what other events have done.');
    words.expect('create');
    if (words.skip('virtual')) {
      words.expect('table');
      tables.push(words.name());
      words.expect('using');
      checkModule(projection, text, words.name(), tokens);
    } else if (words.skip('table')) {
      tables.push(words.name());
      if (words.skip('as')) throw refused(projection, text, 'It copies what a query finds.');
    } else {
      words.skip('unique');
      words.expect('index');
      indexes.push(words.name());
    }
    statements.push(text);
  }
  checkNames(projection, tables, indexes);
  if (tables.length === 0) throw refused(projection, sql.trim(), 'It makes no table.');
  return { statements, tables, indexes };
}

function checkNames(projection: string, tables: readonly string[], indexes: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of [...tables, ...indexes]) {
    const lower = asciiLower(name);
    if (ambiguous.has(lower) && tables.includes(name))
      throw refused(projection, name, 'It is a word of SQL; give the table another name.');
    if (seen.has(lower)) throw refused(projection, name, 'It is made twice.');
    seen.add(lower);
    if (/^(holdfast_|sqlite_)/.test(lower))
      throw refused(projection, name, 'Names that begin with "holdfast_" or "sqlite_" are taken.');
  }
}

function checkModule(projection: string, text: string, module: string, tokens: readonly SqlToken[]): void {
  if (!modules.includes(module.toLowerCase()))
    throw refused(projection, text, `Virtual tables are of ${modules.join(' or ')}.`);
  const plain = tokens.filter(({ kind }) => kind !== 'space');
  const at = plain.findIndex(
    ({ value }, index) => value.toLowerCase().startsWith('conten') && plain[index + 1]?.text === '=',
  );
  const content = plain[at + 2]?.text ?? "''";
  if (at >= 0 && content !== "''" && content !== '""')
    throw refused(projection, text, 'The content of a full-text index cannot be that of another table.');
}

/** The words of a statement from its beginning, without white space. */
class Words {
  readonly #projection: string;
  readonly #text: string;
  readonly #tokens: readonly SqlToken[];
  #at = 0;

  constructor(projection: string, text: string, tokens: readonly SqlToken[]) {
    this.#projection = projection;
    this.#text = text;
    this.#tokens = tokens.filter(({ kind }) => kind !== 'space');
  }

  /** Whether the next word is this one, which is then passed. */
  skip(word: string): boolean {
    if (this.#tokens[this.#at]?.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  expect(word: string): void {
    if (this.skip(word)) return;
    const why = 'Statements begin with CREATE TABLE, CREATE VIRTUAL TABLE or CREATE INDEX.';
    throw refused(this.#projection, this.#text, why);
  }

  /** The name of what is made. */
  name(): string {
    if (this.skip('if')) {
      this.skip('not');
      this.skip('exists');
    }
    const token = this.#tokens[this.#at++];
    const isQualified = this.#tokens[this.#at]?.text === '.';
    if (token?.kind === 'name' && token.value !== '' && !isQualified) return token.value;
    throw refused(this.#projection, this.#text, 'A name is missing, or has a schema.');
  }
}

function* statementsOf(sql: string): Generator<SqlToken[]> {
  let tokens: SqlToken[] = [];
  const isEmpty = (): boolean => tokens.every(({ kind }) => kind === 'space');
  for (const token of tokensOf(sql)) {
    if (token.text !== ';') {
      tokens.push(token);
      continue;
    }
    if (!isEmpty()) yield tokens;
    tokens = [];
  }
  if (!isEmpty()) yield tokens;
}

function refused(projection: string, text: string, why: string): Error {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return projectionInvalid(projection, `its tables cannot be made of ${JSON.stringify(shown)}. ${why}`);
}

/** The error of a projection whose tables or statements are not what they may be. */
export function projectionInvalid(projection: string, problem: string, cause?: unknown): Error {
  return holdfastError(
    'HOLDFAST_ERR_PROJECTION_INVALID',
    `The projection "${projection}" cannot be used: ${problem}`,
    { projection },
    cause,
  );
}
