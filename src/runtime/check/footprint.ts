// Which parts an action or a predicate touches, and all the ways to choose replicas for them.
import type { Parts, Touches } from './parts.ts';

export interface Footprint {
  /** Names under which the values are handed over, and the kind of part (its place in the definition) of each. */
  roles: readonly string[];
  kinds: readonly number[];
}

/** Roles sorted by kind, so that footprints of the same kinds are alike. */
export function footprintOf(parts: Parts, touches: Touches<Parts>, where: string): Footprint {
  const names = Object.keys(parts);
  const pairs = Array.isArray(touches)
    ? (touches as readonly string[]).map((name) => [name, name] as const)
    : Object.entries(touches as Record<string, string>);
  const roles = pairs.map(([role, name]) => {
    const kind = names.indexOf(name);
    if (kind < 0) throw new Error(`${where}: expected one of the parts ${names.join(', ')}, saw ${name}`);
    return { role, kind, single: !parts[name]!.replicated };
  });
  const seen = new Set<number>();
  for (const { role, kind, single } of roles) {
    if (single && seen.has(kind))
      throw new Error(`${where}: ${role} names a single part for the second time`);
    seen.add(kind);
  }
  roles.sort((a, b) => a.kind - b.kind);
  return { roles: roles.map(({ role }) => role), kinds: roles.map(({ kind }) => kind) };
}

/**
 * Every choice of replicas for the kinds, different ones for the same kind; each as one replica number per role.
 * @param counts replicas by kind
 */
export function choices(kinds: readonly number[], counts: readonly number[]): number[][] {
  let all: number[][] = [[]];
  for (const [role, kind] of kinds.entries()) {
    all = all.flatMap((choice) => {
      const more: number[][] = [];
      for (let replica = 0; replica < counts[kind]!; replica++)
        if (
          !choice.some((taken, earlier) => kinds[earlier] === kind && role !== earlier && taken === replica)
        )
          more.push([...choice, replica]);
      return more;
    });
  }
  return all;
}
