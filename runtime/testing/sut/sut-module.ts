// What the module that hosts of a runtime under test import takes its one definition from.
export { definitionAmong } from './definition-under-test.ts';
