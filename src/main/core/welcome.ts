import { type WelcomeStep, welcomeSteps } from '../../shared/contract.ts';
import type { Database } from './storage/database.ts';

/** How far the introduction has come, for every shell on this data directory. */
export class Welcome {
  readonly #database: Database;
  #step: WelcomeStep;

  constructor(database: Database) {
    this.#database = database;
    const kept = database.get<{ step: string }>('SELECT step FROM welcome')?.step;
    this.#step = welcomeSteps.find((step) => step === kept) ?? welcomeSteps[0];
  }

  get step(): WelcomeStep {
    return this.#step;
  }

  /** Fails with STORAGE; it stays as it was then. */
  set step(step: WelcomeStep) {
    this.#database.run(
      'INSERT INTO welcome (id, step) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET step = excluded.step',
      step,
    );
    this.#step = step;
  }
}
