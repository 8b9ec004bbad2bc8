/* Measures what a program waits for at its start: the library loaded, a host opened, the transports listed.
 *
 *     start LIBRARY
 *
 * Prints the time in microseconds and the number of transports. */

#include "postkontor.h"

#include <stdio.h>
#include <string.h>

typedef postkontor_status (POSTKONTOR_CALL *open_fn)(const char *, const postkontor_callbacks *, postkontor_host **, postkontor_buf *);
typedef postkontor_status (POSTKONTOR_CALL *transports_fn)(postkontor_host *, postkontor_buf *);

#ifdef _WIN32

#include <windows.h>

static double now(void)
{
    LARGE_INTEGER frequency, count;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    return (double)count.QuadPart * 1e6 / (double)frequency.QuadPart;
}

static void *load(const char *file) { return (void *)LoadLibraryExA(file, NULL, LOAD_WITH_ALTERED_SEARCH_PATH); }
static void *find(void *library, const char *name) { return (void *)GetProcAddress((HMODULE)library, name); }

#else

#include <dlfcn.h>
#include <time.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void *load(const char *file) { return dlopen(file, RTLD_NOW | RTLD_LOCAL); }
static void *find(void *library, const char *name) { return dlsym(library, name); }

#endif

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    double begin = now();
    void *library = load(argv[1]);
    if (!library)
        return 3;
    open_fn open = (open_fn)find(library, "postkontor_host_open");
    transports_fn transports = (transports_fn)find(library, "postkontor_host_transports");
    postkontor_host *host = NULL;
    postkontor_buf out = {NULL, 0};
    if (!open || !transports || open("{}", NULL, &host, &out) != POSTKONTOR_OK || transports(host, &out) != POSTKONTOR_OK)
        return 4;
    double end = now();
    int count = 0;
    for (const char *place = (const char *)out.data; (place = strstr(place, "\"operations\"")) != NULL; place++)
        count++;
    printf("%.0f %d\n", end - begin, count);
    return 0;
}
