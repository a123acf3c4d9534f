// Figures in words: digits in groups of three, and how many of a thing.

/** To the nearest whole number, `12,345`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** `1 page`, `2 pages`. @param said the number as it is to stand there */
export function several(count: number, what: string, said = `${count}`): string {
  return `${said} ${what}${count === 1 ? '' : 's'}`;
}
