import { holdfastError } from '../errors/holdfast-error.ts';

function file(name: string): URL {
  // A bundle of CommonJS has no URL: there it is `null`.
  const url = URL.parse(`../testing/sut/${name}.js`, import.meta.url);
  if (url !== null) return url;
  throw holdfastError(
    'HOLDFAST_ERR_THREAD_START',
    'runtimeSut cannot find its programs from within a bundle of CommonJS. Keep holdfast external, or bundle to ES modules.',
  );
}

/**
 * What a runtime under test is made of: the program of its process, the worker file of its threads, and the module that
 * its hosts import. The paths hold from wherever this code is in the build: beside the folder, or in the chunks of doors.
 * They are looked for when they are needed, since everything else of the door works without them.
 */
export const programUnderTest = {
  get process(): URL {
    return file('child');
  },
  get worker(): URL {
    return file('sut-worker');
  },
  get module(): URL {
    return file('sut-module');
  },
} as const;
