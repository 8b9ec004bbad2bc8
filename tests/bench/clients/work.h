/* What the C clients of the benchmark have in common: the work itself, so that all do the same. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The size of the attachment in the workload "attachment". */
#define ATTACHMENT_BYTES (200 * 1024)

/* Writes the text of mail `number`, two kilobytes, with `end` after each line; returns its length. The first line differs
   from mail to mail, the others are printed once, so that the library is measured and not printf. The other clients write
   the same lines. */
static inline size_t work_text(char *into, unsigned number, const char *end)
{
    static char rest[3072];
    static size_t length;
    if (length == 0)
        for (int line = 0; line < 28; line++)
            length += (size_t)snprintf(rest + length, sizeof rest - length,
                                       "Position %02d of this invoice: twelve crates of apples, plums and pears.%s", line, end);
    size_t used = (size_t)sprintf(into, "Dear customer, this is invoice %u.%s", number, end);
    memcpy(into + used, rest, length + 1);
    return used + length;
}

/* Seconds on a clock that only goes forward. */
static inline double work_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ends the client with a message for the person who runs the benchmark. */
static inline void work_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

#endif
