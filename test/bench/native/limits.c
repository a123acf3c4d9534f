/* What the machine can do, beside what we do: reads a command a line, answers a figure a line. See ../native.ts. */
#include <stdio.h>
#include <string.h>

int main(void) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) {
    printf("unknown command %s", line);
    fflush(stdout);
  }
  return 0;
}
