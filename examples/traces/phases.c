/*
 * A task with phases, small enough to be traced access by access: a hash join whose table is far larger than what it
 * works on most of the time. Recorded by `valgrind --tool=lackey`, it is the trace that Copyless ships.
 *
 *   build      every page of the table is written once or more
 *   join       a long stretch of look-ups that only meet a few hot pages: the rest of the table turns idle
 *   settle     the whole table, read and updated in place: what was swapped out meanwhile is wanted again
 *   join       the hot pages again
 *   report     the whole table once more, in hash order, read only
 *
 * No library call after the start and no input: the same accesses in every run, apart from where the stack lies.
 */
#include <stdint.h>

#define PAGE 4096u
#define TABLE_PAGES 704u
#define ROW_BYTES 1024u
#define ROWS (TABLE_PAGES * PAGE / ROW_BYTES)
#define HOT_ROWS 96u /* one run of buckets: 24 pages */
#define ORDERS 3200u

struct row {
    uint32_t key, orders;
    uint64_t balance;
    uint8_t rest[ROW_BYTES - 16];
};

static struct row table[ROWS] __attribute__((aligned(4096)));
static volatile uint64_t checksum; /* so that no phase is optimised away */
static uint32_t recent[1024] __attribute__((aligned(4096)));

/* An odd factor permutes the buckets: 11 and 2^8 share no divisor with it. */
static uint32_t bucket(uint32_t key) { return key * 2477u % ROWS; }

static void build(void) {
    for (uint32_t key = 0; key < ROWS; key++) {
        struct row *row = &table[bucket(key)];
        row->key = key;
        row->balance = key ^ 0x5a5au;
    }
}

static void join(void) {
    uint32_t chance = 2463534242u;
    for (uint32_t order = 0; order < ORDERS; order++) {
        chance ^= chance << 13;
        chance ^= chance >> 17;
        chance ^= chance << 5;
        struct row *row = &table[chance % HOT_ROWS];
        row->orders++;
        row->balance += recent[order % 1024u];
        recent[order % 1024u] = row->key;
    }
}

static uint64_t settle(void) {
    uint64_t sum = 0;
    for (uint32_t at = 0; at < ROWS; at++) {
        sum += table[at].balance;
        table[at].balance -= table[at].orders;
    }
    return sum;
}

static uint64_t report(void) {
    uint64_t sum = 0;
    for (uint32_t key = 0; key < ROWS; key++) sum ^= table[bucket(key)].balance + key;
    return sum;
}

int main(void) {
    build();
    join();
    checksum = settle();
    join();
    checksum ^= report();
    return 0;
}
