import type { Session } from 'node:inspector';

type Values = readonly (number | string | bigint | boolean)[];

interface Seen {
  readonly values: Values;
  readonly patterns: readonly string[];
}

interface Remote {
  readonly type: string;
  readonly subtype?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
  readonly objectId?: string;
  readonly description?: string;
}

interface Property {
  readonly name: string;
  readonly value?: Remote;
}

/** Where the engine finds the function that it is asked about: a runner may have another global object than the engine. */
const handed = Symbol.for('holdfast.testing.asked');
const expression = `process.getBuiltinModule('node:inspector')[Symbol.for('${handed.description}')]`;
/** Asked once: what a variable holds later may be another value, and a seed would not give the same runs. */
const known = new WeakMap<object, Seen>();
const smallMax = 16;
/** The first values of an object or a list, however many there are. The engine runs it, and asks no getter. */
const firstFields = `function () {
  const first = [];
  for (const key in Array.isArray(this) ? Array.prototype.slice.call(this, 0, 50) : this) {
    const field = Object.getOwnPropertyDescriptor(this, key);
    if (field && 'value' in field) first.push(field.value);
    if (first.length === 50) break;
  }
  return first;
}`;

/** The same of a set, or of a map with its keys. */
const firstOf = (iterator: string) => `function () {
  const first = [];
  for (const item of ${iterator}.call(this)) {
    first.push(item);
    if (first.length === 50) break;
  }
  return first.flat();
}`;
const firstItems: Readonly<Record<string, string>> = {
  set: firstOf('Set.prototype.values'),
  map: firstOf('Map.prototype.entries'),
};

/**
 * Values of variables that a function names and has from outside, and those in objects, lists, sets and maps of such a name: constants of
 * a module, which guards compare with. No code can tell of them but the engine itself, by its inspector, within this thread;
 * nothing where there is none.
 */
export function freeVariables(of: object): Values {
  return seenOf(of).values;
}

/** Patterns that a function names and has from outside, as they are written. */
export function freePatterns(of: object): readonly string[] {
  return seenOf(of).patterns;
}

function seenOf(of: object): Seen {
  let seen = known.get(of);
  if (seen === undefined) {
    seen = ask(of);
    known.set(of, seen);
  }
  return seen;
}

function ask(of: object): Seen {
  let session: Session | undefined;
  let inspector: { [handed]?: object; readonly Session: new () => Session } | undefined;
  try {
    // Some builds of Node have none.
    inspector = process.getBuiltinModule('node:inspector');
    session = new inspector.Session();
    session.connect();
    inspector[handed] = of;
    return valuesSeen(session, new Set(String(of).match(/[A-Za-z_$][\w$]*/g)));
  } catch {
    return { values: [], patterns: [] };
  } finally {
    delete inspector?.[handed];
    session?.disconnect();
  }
}

function valuesSeen(session: Session, names: ReadonlySet<string>): Seen {
  let answer: { readonly result?: unknown; readonly internalProperties?: unknown } = {};
  // Within its own thread, the inspector answers at once.
  const post = (method: string, parameters: object): typeof answer => {
    answer = {};
    session.post(method, parameters, (_, given: object | undefined) => {
      answer = given ?? {};
    });
    return answer;
  };
  const propertiesOf = (remote: Remote | undefined): readonly Property[] => {
    if (remote?.objectId === undefined) return [];
    const { result } = post('Runtime.getProperties', { objectId: remote.objectId, ownProperties: true });
    return (result as Property[] | undefined) ?? [];
  };
  const remote = post('Runtime.evaluate', { expression }).result as Remote | undefined;
  if (remote?.objectId === undefined) return { values: [], patterns: [] };
  const own = post('Runtime.getProperties', { objectId: remote.objectId, ownProperties: true });
  const internal = (own.internalProperties as Property[] | undefined) ?? [];
  const scopes = propertiesOf(internal.find(({ name }) => name === '[[Scopes]]')?.value);
  const variables = scopes
    .filter(({ value }) => value?.description?.startsWith('Global') === false)
    .flatMap(({ value }) => propertiesOf(value))
    .filter(({ name }) => names.has(name));
  const fieldsOf = ({ objectId, subtype }: Remote): readonly Property[] => {
    const functionDeclaration = firstItems[subtype ?? ''] ?? firstFields;
    const { result } = post('Runtime.callFunctionOn', { objectId, functionDeclaration });
    return propertiesOf(result as Remote | undefined).filter(({ name }) => name !== 'length');
  };
  const values = variables.flatMap(({ value }) => {
    if (value?.type !== 'object') return leavesSeen(value);
    // Bytes are no constants, and whoever is behind a proxy is not to be asked.
    const hasFields =
      value.objectId !== undefined && [undefined, 'array', 'set', 'map'].includes(value.subtype);
    return hasFields ? fieldsOf(value).flatMap((field) => leavesSeen(field.value)) : [];
  });
  const patterns = variables.flatMap(({ value }) =>
    value?.subtype === 'regexp' ? [value.description ?? ''] : [],
  );
  return { values: [...new Set(values)], patterns };
}

function leavesSeen(remote: Remote | undefined): Values {
  if (remote?.type === 'bigint') return [BigInt((remote.unserializableValue ?? '0n').slice(0, -1))];
  const { value } = remote ?? {};
  // Small numbers are drawn soon enough, and what is tried beside them would be tried less.
  if (typeof value === 'number') return Math.abs(value) > smallMax ? [value] : [];
  // Of the functions of XState, which are among those of a machine, the constants are of no meaning.
  const isMeant = typeof value === 'string' && value.length > 1 && !value.startsWith('xstate.');
  return isMeant ? [value] : [];
}
