// What the module that hosts of a runtime under test import takes its one definition from, and its blueprint.
export { blueprintAmong, definitionAmong } from './definition-under-test.ts';
