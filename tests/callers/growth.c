/* A program whose struct of callbacks is not that of the library: compiled with a header that has one member more, or one less. */

#include "postkontor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int lines;

static void POSTKONTOR_CALL take_line(void *user, int32_t level, const char *text)
{
    (void)level;
    (void)text;
    ++*(int *)user;
}

int main(int argc, char **argv)
{
    /* On the heap and not a byte longer, so that valgrind sees a read beyond its end. */
    const unsigned size = (unsigned)sizeof(postkontor_callbacks);
    postkontor_callbacks *callbacks = malloc(sizeof *callbacks);
    postkontor_host *host = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    if (argc < 2 || !callbacks) return 2;
    memset(callbacks, 0xff, sizeof *callbacks);
    memset(callbacks, 0, (char *)&callbacks->secret_get - (char *)callbacks);
    callbacks->size = sizeof *callbacks;
    callbacks->user = &lines;
    callbacks->log = take_line;
    callbacks->secret_get = NULL;
#ifndef SHORTER
    callbacks->secret_put = NULL;
#endif
#ifndef FIRST
    callbacks->step = NULL;
#endif
    status = postkontor_host_open(argv[1], callbacks, &host, &out);
    free(callbacks);
    printf("%d %u %d %s\n", (int)status, size, lines > 0, out.data);
    postkontor_buf_free(&out);
    if (host) postkontor_host_close(host, NULL);
    return 0;
}
