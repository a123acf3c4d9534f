// What the environment may do in a state: listed once for each value of its column, and looked up afterwards.
import type { Environment } from './environment.ts';
import { larger } from './offers.ts';
import type { Vector } from './vector.ts';

/** Bits of an opening. */
const KNOWN = 1;
const HALTED = 2;
const MAY_RECLAIM = 4;
const MAY_HASTEN = 8;
/** Then for each vCPU: it wants the next operation; there is none to come. */
const FIRST_VCPU_BIT = 4;
const HUNGRY = 1;
const ENDS = 2;
const BITS_PER_VCPU = 2;
export const VCPUS_MAX = Math.floor((32 - FIRST_VCPU_BIT) / BITS_PER_VCPU);

export class Openings {
  private readonly vector: Vector;
  private readonly environment: Environment;
  private readonly vcpus: number;
  /** By row of the environment's column; 0 = not known. */
  private known = new Int32Array(1 << 8);
  /** The operations that a vCPU may be given, by that row and the vCPU. */
  private readonly menus: (readonly number[] | undefined)[] = [];

  constructor(vector: Vector, environment: Environment, vcpus: number) {
    this.vector = vector;
    this.environment = environment;
    this.vcpus = vcpus;
  }

  /** Every script has ended. */
  haveHalted(row: number): boolean {
    return (this.in(row) & HALTED) !== 0;
  }
  mayReclaim(row: number): boolean {
    return (this.in(row) & MAY_RECLAIM) !== 0;
  }
  /** Things may be said again although there is something to do. */
  mayHasten(row: number): boolean {
    return (this.in(row) & MAY_HASTEN) !== 0;
  }
  isHungry(row: number, vcpu: number): boolean {
    return (this.in(row) & (HUNGRY << (FIRST_VCPU_BIT + vcpu * BITS_PER_VCPU))) !== 0;
  }
  /** The first vCPU that wants an operation where none is to come, or -1. */
  ending(row: number): number {
    const opening = this.in(row);
    for (let v = 0; v < this.vcpus; v++)
      if ((opening & (ENDS << (FIRST_VCPU_BIT + v * BITS_PER_VCPU))) !== 0) return v;
    return -1;
  }
  /** What a vCPU that is hungry may be given. */
  menu(row: number, vcpu: number): readonly number[] {
    const now = this.vector.valueIn(row, this.vector.environment);
    return (this.menus[row * this.vcpus + vcpu] ??= this.environment.choices(now, vcpu));
  }

  private in(row: number): number {
    const known = this.known[row];
    return known === undefined || known === 0 ? this.lookAround(row) : known;
  }
  private lookAround(row: number): number {
    const { vector, environment } = this;
    const now = vector.valueIn(row, vector.environment);
    let opening = KNOWN;
    if (environment.haveHalted(now)) opening |= HALTED;
    if (environment.reclaimsLeft(now) > 0) opening |= MAY_RECLAIM;
    if (environment.timeoutsLeft(now) > 0) opening |= MAY_HASTEN;
    for (let v = 0; v < this.vcpus; v++) {
      if (!environment.isHungry(now, v)) continue;
      opening |= HUNGRY << (FIRST_VCPU_BIT + v * BITS_PER_VCPU);
      if (!environment.mayGoOn(now, v)) opening |= ENDS << (FIRST_VCPU_BIT + v * BITS_PER_VCPU);
    }
    while (row >= this.known.length) this.known = larger(this.known);
    return (this.known[row] = opening);
  }
}
