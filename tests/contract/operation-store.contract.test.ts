import { describe } from 'vitest';
import { operationStoreContract } from '../support/operation-store-contract.ts';
import { sqliteSubject } from '../support/sqlite-operation-subjects.ts';

describe('SqliteOperations', () => {
  operationStoreContract(sqliteSubject);
});
