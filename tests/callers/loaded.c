/* A program of Windows that loads the library itself, as an ERP does that can live without it.
 *
 *     loaded SETTINGS.json MESSAGE.json CALL…
 *
 * The library lies in the folder of the program. CALL is one of: transports, test, send, receive. Each prints a line: its name, its status,
 * its answer. The last line is "peak" with the largest number of bytes that the program had in memory. */

#include "postkontor.h"

#include <windows.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One variable for each function, of its type in the header. */
#define FUNCTIONS(DO) \
    DO(abi) DO(buf_free) DO(host_open) DO(host_close) DO(host_transports) DO(account_open) DO(account_test) DO(account_send) DO(account_receive)
#define DECLARE(name) static __typeof__(&postkontor_##name) pk_##name;
FUNCTIONS(DECLARE)

#define FIND(name) \
    { FARPROC found = GetProcAddress(library, "postkontor_" #name); memcpy(&pk_##name, &found, sizeof found); \
      if (!found) return "postkontor_" #name; }

/* The name of what is missing, or NULL. The library is named by its whole path, since the program may have been started anywhere; its own folder is
 * then the first in which Windows looks for what it needs. */
static const char *load(void)
{
    WCHAR path[MAX_PATH];
    WCHAR *name;
    HMODULE library;
    DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH - 20);
    if (length == 0 || length >= MAX_PATH - 20 || !(name = wcsrchr(path, L'\\')))
        return "folder";
    wcscpy(name + 1, L"postkontor.dll");
    library = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!library)
        return "postkontor.dll";
    FUNCTIONS(FIND)
    return NULL;
}

static char *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    char *bytes = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = calloc((size_t)size + 1, 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s cannot be read\n", name);
        exit(2);
    }
    fclose(file);
    return bytes;
}

static void show(const char *what, postkontor_status status, postkontor_buf *out)
{
    printf("%s %d %s\n", what, (int)status, out->data ? out->data : "null");
    fflush(stdout);
    pk_buf_free(out);
}

static int32_t POSTKONTOR_CALL received(void *user, const char *summary, postkontor_message *message)
{
    (void)user, (void)message;
    printf("message 0 %s\n", summary);
    return POSTKONTOR_SEEN;
}

static void call(const char *what, postkontor_host *host, postkontor_account *account, const char *message)
{
    postkontor_buf out = {NULL, 0};
    if (strcmp(what, "transports") == 0)
        show(what, pk_host_transports(host, &out), &out);
    else if (strcmp(what, "test") == 0)
        show(what, pk_account_test(account, NULL, NULL, &out), &out);
    else if (strcmp(what, "send") == 0)
        show(what, pk_account_send(account, message, NULL, 0, NULL, &out), &out);
    else
        show(what, pk_account_receive(account, NULL, received, NULL, NULL, &out), &out);
}

int main(int argc, char **argv)
{
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    PROCESS_MEMORY_COUNTERS memory;
    const char *missing = load();
    char *settings, *message;
    int word;
    if (missing || argc < 4) {
        fprintf(stderr, "%s: error %lu\n", missing ? missing : "arguments", GetLastError());
        return 2;
    }
    settings = read_file(argv[1]);
    message = read_file(argv[2]);
    show("open", pk_host_open("{\"language\":\"en\"}", NULL, &host, &out), &out);
    show("account", pk_account_open(host, settings, NULL, &account, &out), &out);
    for (word = 3; word < argc; word++)
        call(argv[word], host, account, message);
    show("close", pk_host_close(host, &out), &out);
    if (GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory))
        printf("peak 0 %lu\n", (unsigned long)memory.PeakWorkingSetSize);
    free(message);
    free(settings);
    return 0;
}
