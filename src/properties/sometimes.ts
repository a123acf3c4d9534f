// What must have happened somewhere: counts how often the case was met that its name tells.
import { type Observers, Property } from './property.ts';

export class Witness extends Property {
  override readonly kind = 'sometimes';
  readonly name: string;
  readonly on: Observers;

  /** @param observe calls its argument once for each time the case happened */
  constructor(name: string, observe: (saw: () => void) => Observers) {
    super();
    this.name = name;
    this.on = observe(() => {
      this.examined++;
    });
  }
}
