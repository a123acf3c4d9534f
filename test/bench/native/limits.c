/* What the machine can do, beside what we do: reads a command a line, answers a figure a line. See ../native.ts.
 *
 *   copy BYTES PAGES COUNT   memcpy between pages of a pool, GB/s of CPU time
 *   ring BATCH COUNT         one way through a ring of one sender and one receiver, two threads, million messages/s
 *   futex COUNT              a round trip of two threads that sleep in between, microseconds
 *   cores MILLIONS           how much more two threads do than one in the same time
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

/* ---- copy: the same pairs of pages as benches/page-copy.ts */

static char *pool;
static size_t pool_bytes;

static double copy(size_t bytes, size_t pages, size_t count) {
  if (pool_bytes < bytes * pages) {
    free(pool);
    pool_bytes = bytes * pages;
    pool = aligned_alloc(4096, pool_bytes);
    memset(pool, 1, pool_bytes);
  }
  uint32_t x = 1;
  uint32_t half = pages / 2;
  double began = seconds(CLOCK_THREAD_CPUTIME_ID);
  for (size_t i = 0; i < count; i++) {
    x = x * 1664525u + 1013904223u;
    size_t from = (x >> 8) % half;
    x = x * 1664525u + 1013904223u;
    size_t to = half + (x >> 8) % half;
    memcpy(pool + to * bytes, pool + from * bytes, bytes);
    __asm__ volatile("" ::: "memory");
  }
  return bytes * count / (seconds(CLOCK_THREAD_CPUTIME_ID) - began) / 1e9;
}

/* ---- ring: indexes on lines of their own, the other side's kept, published once for so many messages */

#define SLOTS 4096
struct message {
  int32_t words[4];
  double time;
};
static struct message slots[SLOTS];
static _Alignas(64) _Atomic uint32_t head;
static _Alignas(64) _Atomic uint32_t tail;
static size_t ring_count;
static uint32_t ring_batch;

static void *take(void *unused) {
  (void)unused;
  uint32_t at = 0, seen = 0;
  int64_t sum = 0;
  for (size_t taken = 0; taken < ring_count;) {
    for (int spins = 0; at == (seen = atomic_load_explicit(&head, memory_order_acquire));)
      if (++spins > 1000) sched_yield();
    for (; at != seen; at++, taken++) {
      struct message *m = &slots[at % SLOTS];
      sum += m->words[0] + m->words[1] + m->words[2] + m->words[3] + (int64_t)m->time;
    }
    atomic_store_explicit(&tail, at, memory_order_release);
  }
  return (void *)(intptr_t)sum;
}

static double ring(uint32_t batch, size_t count) {
  atomic_store(&head, 0);
  atomic_store(&tail, 0);
  ring_count = count / batch * batch;
  ring_batch = batch;
  pthread_t taker;
  double began = seconds(CLOCK_MONOTONIC);
  pthread_create(&taker, NULL, take, NULL);
  uint32_t at = 0, seen = 0;
  for (size_t sent = 0; sent < ring_count;) {
    for (int spins = 0; at - seen > SLOTS - batch; seen = atomic_load_explicit(&tail, memory_order_acquire))
      if (++spins > 1000) sched_yield();
    for (uint32_t i = 0; i < batch; i++, at++, sent++)
      slots[at % SLOTS] = (struct message){{1, (int32_t)sent, 3, 4}, 5};
    atomic_store_explicit(&head, at, memory_order_release);
  }
  pthread_join(taker, NULL);
  return ring_count / (seconds(CLOCK_MONOTONIC) - began) / 1e6;
}

/* ---- futex: each side sleeps until the other has counted */

static _Alignas(64) _Atomic uint32_t there;
static _Alignas(64) _Atomic uint32_t back;
static size_t futex_count;

static void sleep_until(_Atomic uint32_t *word, uint32_t value) {
  for (uint32_t seen; (seen = atomic_load(word)) != value;)
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}
static void count_up(_Atomic uint32_t *word) {
  atomic_fetch_add(word, 1);
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void *answer(void *unused) {
  (void)unused;
  for (uint32_t i = 1; i <= futex_count; i++) {
    sleep_until(&there, i);
    count_up(&back);
  }
  return NULL;
}
static double futex(size_t count) {
  atomic_store(&there, 0);
  atomic_store(&back, 0);
  futex_count = count;
  pthread_t answerer;
  pthread_create(&answerer, NULL, answer, NULL);
  usleep(1000);
  double began = seconds(CLOCK_MONOTONIC);
  for (uint32_t i = 1; i <= count; i++) {
    count_up(&there);
    sleep_until(&back, i);
  }
  double took = seconds(CLOCK_MONOTONIC) - began;
  pthread_join(answerer, NULL);
  return took / count * 1e6;
}

/* ---- cores: what a second thread is worth now */

static size_t spin_count;

static void *spin(void *unused) {
  (void)unused;
  for (volatile size_t i = 0; i < spin_count; i++);
  return NULL;
}
static double cores(size_t millions) {
  spin_count = millions * 1000000;
  double began = seconds(CLOCK_MONOTONIC);
  spin(NULL);
  double one = seconds(CLOCK_MONOTONIC) - began;
  pthread_t other;
  began = seconds(CLOCK_MONOTONIC);
  pthread_create(&other, NULL, spin, NULL);
  spin(NULL);
  pthread_join(other, NULL);
  return 2 * one / (seconds(CLOCK_MONOTONIC) - began);
}

int main(void) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    size_t a = 0, b = 0, c = 0;
    if (sscanf(line, "copy %zu %zu %zu", &a, &b, &c) == 3)
      printf("%.6f\n", copy(a, b, c));
    else if (sscanf(line, "ring %zu %zu", &a, &b) == 2)
      printf("%.6f\n", ring(a, b));
    else if (sscanf(line, "futex %zu", &a) == 1)
      printf("%.6f\n", futex(a));
    else if (sscanf(line, "cores %zu", &a) == 1)
      printf("%.6f\n", cores(a));
    else
      printf("unknown command %s", line);
    fflush(stdout);
  }
  return 0;
}
