/* What the C clients of the benchmark have in common: the work itself, so that all do the same. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The size of the attachment in the workload "attachment". */
#define ATTACHMENT_BYTES (200 * 1024)

/* Writes the text of mail `number`, two kilobytes that differ from mail to mail, with `end` after each line; returns its
   length. The other clients write the same lines. */
static inline size_t work_text(char *into, size_t size, unsigned number, const char *end)
{
    size_t used = (size_t)snprintf(into, size, "Dear customer, this is invoice %u.%s", number, end);
    for (int line = 0; line < 28; line++)
        used += (size_t)snprintf(into + used, size - used,
                                 "Position %02d of invoice %06u: twelve crates of apples and pears.%s", line, number, end);
    return used;
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
