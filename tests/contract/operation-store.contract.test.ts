import { describe } from 'vitest';
import { inMemorySubject } from '../support/in-memory-operation-subject.ts';
import { operationStoreContract } from '../support/operation-store-contract.ts';
import { sqliteSubjects } from '../support/sqlite-operation-subjects.ts';

describe('InMemoryOperations', () => {
  operationStoreContract(inMemorySubject);
});

describe('SqliteOperations', () => {
  operationStoreContract(sqliteSubjects());
});
