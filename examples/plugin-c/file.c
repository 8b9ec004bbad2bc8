#define _POSIX_C_SOURCE 200809L
#include "file.h"

#include <errno.h>
#include <fcntl.h>

#ifdef _WIN32

#include <io.h>
#include <sys/stat.h>
#include <windows.h>

/* Windows wants UTF-16; its narrow functions would take the path for the local code page. 0 when it does not fit. */
static int wide(const char *path, wchar_t *to, int capacity)
{
    int written = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, to, capacity);
    if (written == 0)
        errno = EINVAL;
    return written;
}

int file_is_absolute(const char *path)
{
    int drive = ((path[0] | 32) >= 'a' && (path[0] | 32) <= 'z') && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
    return drive || (path[0] == '\\' && path[1] == '\\');
}

FILE *file_create(const char *path)
{
    wchar_t name[4096];
    if (!wide(path, name, 4096))
        return NULL;
    int file = _wopen(name, _O_CREAT | _O_EXCL | _O_WRONLY | _O_BINARY, _S_IREAD | _S_IWRITE);
    return file < 0 ? NULL : _fdopen(file, "wb");
}

int file_sync(FILE *file)
{
    return fflush(file) == 0 ? _commit(_fileno(file)) : -1;
}

int file_rename(const char *from, const char *to)
{
    wchar_t old_name[4096], new_name[4096];
    return wide(from, old_name, 4096) && wide(to, new_name, 4096) ? _wrename(old_name, new_name) : -1;
}

int file_remove(const char *path)
{
    wchar_t name[4096];
    return wide(path, name, 4096) ? _wremove(name) : -1;
}

unsigned long file_process(void)
{
    return GetCurrentProcessId();
}

unsigned long long file_time(void)
{
    /* Steps of 100 ns since 1601. */
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    unsigned long long steps = (unsigned long long)now.dwHighDateTime << 32 | now.dwLowDateTime;
    return (steps - 116444736000000000ULL) * 100;
}

#else

#include <time.h>
#include <unistd.h>

int file_is_absolute(const char *path)
{
    return path[0] == '/';
}

FILE *file_create(const char *path)
{
    int file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    return file < 0 ? NULL : fdopen(file, "wb");
}

int file_sync(FILE *file)
{
    return fflush(file) == 0 ? fsync(fileno(file)) : -1;
}

int file_rename(const char *from, const char *to)
{
    return rename(from, to);
}

int file_remove(const char *path)
{
    return unlink(path);
}

unsigned long file_process(void)
{
    return (unsigned long)getpid();
}

unsigned long long file_time(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec;
}

#endif
