import type { AnyStateMachine } from '../../../actors/xstate-adapter.ts';
import { invalidOption } from '../../protocol/options.ts';
import {
  defineModel,
  isModel,
  type Model,
  type ModelOptions,
  modelOptionNames,
  type Testable,
} from './model.ts';

/** The model that is given, or one that is made of a machine or definition with the options of a test. */
export function modelOf<Machine extends AnyStateMachine>(
  owner: string,
  subject: Testable<Machine>,
  options: ModelOptions<Machine>,
): Model<Machine> {
  const given = modelOptionNames.filter((name) => options[name] !== undefined);
  if (!isModel(subject)) {
    const picked = Object.fromEntries(given.map((name) => [name, options[name]])) as ModelOptions<Machine>;
    const model = defineModel(subject as Machine, picked);
    const { kind } = model.definition;
    return { ...model, calledAs: /^[A-Za-z_$][\w$]*$/.test(kind) ? kind : model.calledAs };
  }
  if (given.length > 0)
    throw invalidOption(`${owner}: "${given[0]}" belongs to the model: give it to defineModel.`);
  return subject as Model<Machine>;
}
