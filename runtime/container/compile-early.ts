import { lazy } from './binding.ts';
import { createContainer } from './create-container.ts';
import { defineContainer } from './define-container.ts';

/**
 * Makes a container of nothing much. Node.js compiles a function when it is first called, which is half of what the first
 * container takes: better while the program is being loaded than when it starts.
 */
export function compileEarly(): void {
  void createContainer(defineContainer().lazy('a', () => 1));
  void createContainer({ a: lazy(() => 1), b: lazy(['a'], () => 1) });
}
