// list-monotone: a version of the moved list never gives way to an older one, neither where it is written nor in a copy
// of it. What a guest knew of later moves it must not forget.
import { type Observers, Property } from './property.ts';

export class ListMonotone extends Property {
  readonly name = 'list-monotone';
  private readonly exported = new Map<number, number>();
  private readonly copied = new Map<number, number>();

  readonly on: Observers = {
    exported: (e) => {
      this.examined++;
      const before = this.exported.get(e.id) ?? 0;
      if (e.generation <= before)
        this.fail(e.sequence, `list ${e.id} went from version ${before} to ${e.generation}`);
      this.exported.set(e.id, e.generation);
    },
    copied: (e) => {
      this.examined++;
      const before = this.copied.get(e.id) ?? 0;
      if (e.generation < before)
        this.fail(
          e.sequence,
          `vcpu${e.id} gave version ${before} of its list up for version ${e.generation}`,
        );
      this.copied.set(e.id, Math.max(before, e.generation));
    },
  };
}
