// counting-backend.contract.ts
import test from 'node:test';
import { eventStoreContract } from 'holdfast/testing';
import { CountingBackend } from './counting-backend.ts';

eventStoreContract({ test, createStore: () => new CountingBackend() });
