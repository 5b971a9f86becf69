import { addressOf, defineAggregate, defineProjection, defineReactor, type Runtime } from 'holdfast';
import { expectTypeOf, test } from 'vitest';
import { assign, setup } from 'xstate';

const document = defineAggregate('document', {
  machine: setup({
    types: {} as {
      context: { title: string };
      events: { type: 'created'; title: string } | { type: 'rated'; stars: number };
    },
  }).createMachine({
    context: { title: '' },
    on: { created: { actions: assign({ title: ({ event }) => event.title }) }, rated: {} },
  }),
});

declare const runtime: Runtime;

test('a definition knows its kind', () => {
  expectTypeOf(document.kind).toEqualTypeOf<'document'>();
});

test('handlers know the payloads of the events of the definitions that are named', () => {
  defineProjection('titles', {
    version: 1,
    from: [document],
    tables: 'create table titles (id text primary key, title text)',
    on: {
      'document.created': ({ id, data, type }, sql) => {
        expectTypeOf(data).toEqualTypeOf<{ title: string }>();
        expectTypeOf(type).toEqualTypeOf<'created'>();
        return sql`insert into titles values (${id}, ${data.title})`;
      },
      'document.rated': ({ data }) => {
        expectTypeOf(data.stars).toEqualTypeOf<number>();
        return null;
      },
      'document.*': ({ data }) => {
        expectTypeOf(data).toEqualTypeOf<Readonly<Record<string, unknown>>>();
        return [];
      },
    },
  });
});

test('an event that no definition has is refused, and so is a handler that returns nonsense', () => {
  defineProjection('titles', {
    version: 1,
    from: [document],
    tables: 'create table titles (id text)',
    on: {
      // @ts-expect-error: there is no such event
      'document.destroyed': () => null,
    },
  });
  defineProjection('titles', {
    version: 1,
    tables: 'create table titles (id text)',
    on: {
      // @ts-expect-error: a statement is not a string
      'document.created': () => 'delete from titles',
    },
  });
  // @ts-expect-error: the version is missing
  defineProjection('titles', { tables: 'create table titles (id text)', on: { '*': () => null } });
});

test('a folded state is the type of its beginning', () => {
  const ratings = defineProjection('ratings', {
    version: 1,
    from: [document],
    initial: () => ({ sum: 0 }),
    on: { 'document.rated': (state, { data }) => ({ sum: state.sum + data.stars }) },
  });
  defineProjection('ratings', {
    version: 1,
    // @ts-expect-error: it is another state
    from: [document],
    initial: () => ({ sum: 0 }),
    // @ts-expect-error: it is another state
    on: { 'document.rated': () => ({ total: 1 }) },
  });

  expectTypeOf(runtime.projected(ratings)).resolves.toEqualTypeOf<{ sum: number } | undefined>();
});

test('rows have the type that the caller gives', () => {
  const titles = defineProjection('titles', {
    version: 1,
    tables: 'create table t (id)',
    on: { '*': () => null },
  });

  expectTypeOf(runtime.query<{ id: string }>(titles, 'select id from t')).resolves.toEqualTypeOf<
    { id: string }[]
  >();
  expectTypeOf(runtime.query(titles, 'select id from t')).resolves.toEqualTypeOf<Record<string, unknown>[]>();
});

test('a reactor knows the events as well, and answers with messages', () => {
  defineReactor('greeter', {
    from: [document],
    on: {
      'document.created': ({ id, data }, send) =>
        send(addressOf('mailer', 'main'), { type: 'greet', whom: id, title: data.title }),
      // @ts-expect-error: a message is made by send
      'document.rated': () => ({ type: 'greet' }),
    },
  });
});
