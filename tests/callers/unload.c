/* A program that frees the library although things are open and a thread is inside: nothing may break. */

#define _DEFAULT_SOURCE
#include "postkontor.h"

#include <dlfcn.h>
#include <stdio.h>

typedef postkontor_status (*open_fn)(const char *, const postkontor_callbacks *, postkontor_host **, postkontor_buf *);
typedef postkontor_status (*close_fn)(postkontor_host *, postkontor_buf *);

int main(int argc, char **argv)
{
    int round;
    for (round = 0; argc == 2 && round < 3; round++) {
        postkontor_host *host = NULL;
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        open_fn open_host;
        close_fn close_host;
        if (!library)
            return 1;
        *(void **)&open_host = dlsym(library, "postkontor_host_open");
        *(void **)&close_host = dlsym(library, "postkontor_host_close");
        if (open_host("{}", NULL, &host, NULL) != POSTKONTOR_OK)
            return 2;
        dlclose(library);
        /* The library is still there: its code runs, and the handle is known. */
        if (close_host(host, NULL) != POSTKONTOR_OK)
            return 3;
    }
    puts("held");
    return 0;
}
