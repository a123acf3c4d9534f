// What stores keep, encrypted: XOR with a key stream, and a tag beside it that tells whether the key was right. The key is
// made from the slot alone, or from the guest, the Gfn and the generation beside it (paragraph 30): such a slot opens under
// no other name, so that a page which is mapped to another Gfn must be keyed anew. This stands for AES-XTS with a keyed
// hash; it is made to be noticed when it is wrong, and not to be secret.
import type { Geometry } from '../model/geometry.ts';
import type { Encryption } from '../model/spec.ts';

const mix = (a: number, b: number) => {
  const h = Math.imul(a ^ (b + 0x9e3779b9), 0x85ebca6b);
  return Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ (h >>> 16);
};
/** The store's own secret. */
const STORE_KEY = 0x5eedf00d | 0;

export class PageCipher {
  private readonly geometry: Geometry;
  private readonly encryption: Encryption;

  constructor(geometry: Geometry) {
    this.geometry = geometry;
    this.encryption = geometry.spec.policy.encryption;
  }

  /** Slots are encrypted, frames are not. */
  covers(location: number): boolean {
    return this.encryption !== 'none' && !this.geometry.isFrame(location);
  }
  /** The key of a slot that holds the page of this name. */
  keyOf(slot: number, gfn: number, generation: number): number {
    const key = mix(STORE_KEY, slot);
    if (this.encryption === 'slot') return key;
    return mix(mix(mix(key, this.geometry.guestOf(gfn)), gfn), generation);
  }
  /** Encrypts words in place, or decrypts them: the same. */
  apply(words: Int32Array, first: number, count: number, key: number): void {
    for (let i = 0; i < count; i++) words[first + i]! ^= mix(key, i);
  }
  /** Of what is stored, under a key. */
  tagOf(words: Int32Array, first: number, count: number, key: number): number {
    let tag = key;
    for (let i = 0; i < count; i++) tag = mix(tag, words[first + i]!);
    return tag;
  }
}
