const file = (name: string): URL => new URL(`../testing/sut/${name}.js`, import.meta.url);

/**
 * What a runtime under test is made of: the program of its process, the worker file of its threads, and the module that
 * its hosts import. The paths hold from wherever this code is in the build: beside the folder, or in the chunks of doors.
 */
export const programUnderTest: { readonly process: URL; readonly worker: URL; readonly module: URL } = {
  process: file('child'),
  worker: file('sut-worker'),
  module: file('sut-module'),
};
