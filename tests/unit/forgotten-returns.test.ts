import { expect, test } from 'vitest';
import { addressOf } from '../../actors/definitions/address-of.ts';
import { defineProjection, type TableHandler } from '../../runtime/projections/define-projection.ts';
import { defineReactor } from '../../runtime/projections/define-reactor.ts';
import { specify } from '../../runtime/testing/index.ts';

const created = { stream: 'document/1', type: 'created', data: { title: 'Tides' } };

/** A table of documents, filled by one handler. */
function documents(created: TableHandler) {
  const tables = 'create table documents (id text primary key) strict';
  return defineProjection('documents', { version: 1, tables, on: { 'document.created': created } });
}

test('a handler of tables that forgets to return its statements is refused, not passed over', async () => {
  const none = documents(({ id }, sql) => {
    sql`insert into documents values (${id})`;
  });
  await expect(
    specify(none).given([created]).when('select id from documents').then([]),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/returned 0 of 1 that it made with sql`.* return it, several as an array/),
  });
  const last = documents(({ id }, sql) => {
    sql`delete from documents where id = ${id}`;
    return sql`insert into documents values (${id})`;
  });
  await expect(
    specify(last).given([created]).when('select id from documents').then([]),
  ).rejects.toMatchObject({
    message: expect.stringContaining('returned 1 of 2'),
  });
});

test('a reactor that forgets to return its message is refused, not passed over', async () => {
  const greeter = defineReactor('greeter', {
    on: {
      'document.created': ({ id }, send) => {
        send(addressOf('mailer', 'main'), { type: 'greet', document: id });
        return undefined;
      },
    },
  });
  await expect(specify(greeter).given([created]).then([])).rejects.toMatchObject({
    message: expect.stringContaining('returned 0 of 1 that it made with send(...)'),
  });
});

test('a handler that makes nothing, and one that returns all it makes, go on', async () => {
  const some = documents(({ id }, sql) =>
    id === '1' ? [sql`insert into documents values (${id})`] : undefined,
  );
  await specify(some)
    .given([created, { ...created, stream: 'document/2' }])
    .when('select id from documents')
    .then([{ id: '1' }]);
});

test('a statement that was refused is none that a handler would have to return', async () => {
  const careful = documents(({ id }, sql) => {
    try {
      return sql`insert into documents values (${{ no: 'value' }})`;
    } catch {
      return sql`insert into documents values (${id})`;
    }
  });
  await specify(careful)
    .given([created])
    .when('select id from documents')
    .then([{ id: '1' }]);
});

test('what a handler returns to come later is refused, and nothing hears that it fails', async () => {
  const later = (): never => Promise.reject(new Error('later')) as never;
  const refused = { message: expect.stringContaining('returned a promise') };
  for (const handler of [later, () => [later(), later()] as never]) {
    const tables = documents(handler);
    const reactor = defineReactor('greeter', { on: { 'document.created': handler } });

    await expect(specify(tables).given([created]).when('select 1').then([])).rejects.toMatchObject(refused);
    await expect(specify(reactor).given([created]).then([])).rejects.toMatchObject(refused);
  }
  const fold = { version: 1, initial: () => 0, on: { 'document.created': later } };
  for (const options of [fold, { ...fold, on: { 'document.created': () => 1 }, partition: later }]) {
    const folded = defineProjection('folded', options);

    await expect(specify(folded).given([created]).then(1)).rejects.toMatchObject(refused);
  }
});
