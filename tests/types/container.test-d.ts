import { createRuntime } from 'holdfast';
import {
  type Container,
  type ContainerOf,
  createContainer,
  defineContainer,
  eager,
  given,
  lazy,
  scoped,
  servicesOf,
} from 'holdfast/container';
import { expectTypeOf, test } from 'vitest';

interface Config {
  readonly path: string;
}
class Database {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}
interface User {
  readonly id: number;
}

const services = defineContainer()
  .value('region', 'eu')
  .eager('config', async (): Promise<Config> => ({ path: 'app.db' }))
  .lazy('database', ['config'], ({ config }) => new Database(config.path))
  .lazy('titles', async ({ config, database }) => [config.path, (await database).path])
  .scoped('user', given<User>())
  .scoped('draft', ['user', 'database'], async ({ user, database }) => `${user.id} ${database.path}`);

test('a blueprint knows what was bound before, by name as values and otherwise as it is', () => {
  services.lazy('more', (deps) => {
    expectTypeOf(deps.region).toEqualTypeOf<string>();
    expectTypeOf(deps.config).toEqualTypeOf<Config>();
    expectTypeOf(deps.database).toEqualTypeOf<Promise<Database>>();
    // @ts-expect-error what lives shorter cannot be asked for
    deps.user;
    // @ts-expect-error it is not bound
    deps.more;
  });
  services.scoped('more', (deps, { signal, name }) => {
    expectTypeOf(deps.user).toEqualTypeOf<Promise<User>>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(name).toEqualTypeOf<string>();
  });
  services.lazy('more', ['titles', 'region'], (deps) => {
    expectTypeOf(deps).branded.toEqualTypeOf<{ readonly titles: string[]; readonly region: string }>();
    // @ts-expect-error it is not named
    deps.config;
  });
  // @ts-expect-error it is not bound
  services.lazy('more', ['databse'], () => 1);
  // @ts-expect-error it does not live as long
  services.lazy('more', ['user'], () => 1);
  // @ts-expect-error the name is taken
  services.lazy('config', () => 1);
  services.lazy('more', () => new Database(''), {
    dispose: (value) => expectTypeOf(value).toEqualTypeOf<Database>(),
  });
});

test('a container gives what its blueprint says', async () => {
  const app = await createContainer(services);

  expectTypeOf(app.get('config')).resolves.toEqualTypeOf<Config>();
  expectTypeOf(app.get('database')).resolves.toEqualTypeOf<Database>();
  expectTypeOf(app.get('titles')).resolves.toEqualTypeOf<string[]>();
  expectTypeOf(app.peek('config')).toEqualTypeOf<Config>();
  expectTypeOf(app.peek('database')).toEqualTypeOf<Database | undefined>();
  expectTypeOf(app).toEqualTypeOf<ContainerOf<typeof services>>();
  // @ts-expect-error it is not bound
  void app.get('databse');
  // @ts-expect-error it belongs to scopes
  void app.get('draft');

  const window = app.scope({ user: { id: 5 } });
  expectTypeOf(window.get('draft')).resolves.toEqualTypeOf<string>();
  expectTypeOf(window.get('config')).resolves.toEqualTypeOf<Config>();
  // @ts-expect-error it is no user
  app.scope({ user: 5 });
  // @ts-expect-error it is not scoped
  app.scope({ config: { path: '' } });
});

test('an object of bindings is typed too, with the parameters of its factories checked', async () => {
  const app = await createContainer({
    config: eager((): Config => ({ path: '' })),
    database: lazy(async ({ config }: { config: Config }) => new Database(config.path)),
    titles: lazy(['database'], ({ database }: { database: Database }) => [database.path]),
    counted: lazy(async ({ titles }: { titles: Promise<string[]> }) => (await titles).length),
    draft: scoped(['config', 'titles'], (deps: { config: Config; titles: string[] }) => deps.titles),
    region: 'eu',
    log: (text: string) => text.length,
  });

  expectTypeOf(app.get('database')).resolves.toEqualTypeOf<Database>();
  expectTypeOf(app.get('counted')).resolves.toEqualTypeOf<number>();
  expectTypeOf(app.peek('region')).toEqualTypeOf<string>();
  expectTypeOf(app.peek('log')).toEqualTypeOf<(text: string) => number>();
  expectTypeOf(app.peek('titles')).toEqualTypeOf<string[] | undefined>();
  expectTypeOf(app.scope().get('draft')).resolves.toEqualTypeOf<string[]>();
  // @ts-expect-error it belongs to scopes
  void app.get('draft');

  defineContainer({
    config: eager((): Config => ({ path: '' })),
    // @ts-expect-error nobody binds it
    database: lazy(({ confg }: { confg: Config }) => confg.path),
  });
  defineContainer({
    config: eager((): Config => ({ path: '' })),
    // @ts-expect-error it is something else
    database: lazy(({ config }: { config: number }) => config),
  });
  defineContainer({
    config: lazy((): Config => ({ path: '' })),
    // @ts-expect-error it is a promise of that
    database: lazy(({ config }: { config: Config }) => config.path),
  });
  defineContainer({
    config: eager((): Config => ({ path: '' })),
    // @ts-expect-error without a type nobody knows what it is
    database: lazy(({ config }) => config),
  });
  defineContainer({
    user: scoped(given<User>()),
    // @ts-expect-error it does not live as long
    database: lazy(['user'], ({ user }: { user: User }) => user),
  });
  defineContainer({
    user: scoped(given<User>()),
    // @ts-expect-error it does not live as long
    database: lazy(async ({ user }: { user: Promise<User> }) => user),
  });
  // @ts-expect-error not all that the parameter has is named
  lazy(['config'], (deps: { config: Config; region: string }) => deps.region);
});

test('an object of bindings can be gone on from', () => {
  const more = defineContainer({ config: eager((): Config => ({ path: '' })) }).lazy(
    'database',
    ({ config }) => new Database(config.path),
  );

  expectTypeOf<ContainerOf<typeof more>['get']>().toBeCallableWith('database');
  expectTypeOf<ContainerOf<typeof more>>().toExtend<
    Container<{ readonly config: Config }, { readonly database: Database }, object>
  >();
});

test('what replaces a binding has its type', () => {
  services.with({ database: new Database('fake'), region: 'us' });
  services.with({ database: lazy(() => new Database('fake')) });
  services.with({ database: lazy(async ({ config }: { config: Config }) => new Database(config.path)) });
  services.with({ user: { id: 1 } });
  services.with({ draft: lazy(async ({ user }: { user: Promise<User> }) => `${(await user).id}`) });
  // @ts-expect-error it does not live as long
  services.with({ titles: lazy(async ({ user }: { user: Promise<User> }) => [`${(await user).id}`]) });
  // @ts-expect-error it is no database
  services.with({ database: 5 });
  // @ts-expect-error it makes no database
  services.with({ database: lazy(() => 5) });
  // @ts-expect-error there is no such parameter
  services.with({ database: lazy(({ confg }: { confg: Config }) => new Database(confg.path)) });
  // @ts-expect-error it is not bound
  services.with({ databse: new Database('fake') });
});

test('work asks for what the blueprint binds', () => {
  const asked = servicesOf({}, services);

  expectTypeOf(asked.get('database')).resolves.toEqualTypeOf<Database>();
  expectTypeOf(asked.scope({ user: { id: 1 } }).get('draft')).resolves.toEqualTypeOf<string>();
  // @ts-expect-error it is not bound
  void asked.get('databse');
  // @ts-expect-error it is not the work's to close
  asked.close;
});

test('a runtime takes a blueprint and nothing else for its container', () => {
  expectTypeOf(createRuntime).toBeCallableWith({ database: 'app.db', modules: [], container: services });
  // @ts-expect-error it is no blueprint
  void createRuntime({ database: 'app.db', modules: [], container: {} });
});
