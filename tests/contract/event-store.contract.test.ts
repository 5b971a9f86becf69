import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InMemoryEventStoreBackend, SqliteEventStoreBackend } from 'holdfast/store';
import { eventStoreContract } from 'holdfast/testing';
import { describe, test } from 'vitest';

describe('InMemoryEventStoreBackend', () => {
  eventStoreContract({ test, createStore: () => new InMemoryEventStoreBackend() });
});

describe('SqliteEventStoreBackend', () => {
  eventStoreContract({
    test,
    createStore: () =>
      SqliteEventStoreBackend.open(join(mkdtempSync(join(tmpdir(), 'holdfast-contract-')), 'events.db')),
    reopenStore: ({ path }) => SqliteEventStoreBackend.open(path),
    removeStore: ({ path }) => rmSync(dirname(path), { recursive: true }),
  });
});
