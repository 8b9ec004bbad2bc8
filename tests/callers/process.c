/* What a process of Windows does around the library, or to a file of it:
 *
 *     process hold FILE shared|alone        opens FILE, prints "held", and closes it when standard input ends
 *     process reload ROUNDS                 loads and frees the library in its own folder again and again, with a host in each round
 *     process traps SETTINGS.json MAIL.json calls it while floating-point exceptions are to trap, as programs in Delphi do
 *
 * Everything else ends with a status of its own. */

#include "postkontor.h"

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS(DO) DO(buf_free) DO(host_open) DO(host_close) DO(host_transports) DO(account_open) DO(account_test) DO(account_send) DO(account_close)
#define DECLARE(name) static __typeof__(&postkontor_##name) pk_##name;
FUNCTIONS(DECLARE)

#define FIND(name) \
    { FARPROC found = GetProcAddress(library, "postkontor_" #name); memcpy(&pk_##name, &found, sizeof found); if (!found) fail("postkontor_" #name); }

static void fail(const char *what)
{
    fprintf(stderr, "%s: error %lu\n", what, GetLastError());
    exit(3);
}

static HMODULE load(void)
{
    WCHAR path[1024], *name;
    HMODULE library;
    DWORD length = GetModuleFileNameW(NULL, path, 1000);
    if (length == 0 || length >= 1000 || !(name = wcsrchr(path, L'\\')))
        fail("folder");
    wcscpy(name + 1, L"postkontor.dll");
    library = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!library)
        fail("postkontor.dll");
    FUNCTIONS(FIND)
    return library;
}

/* As a word processor has the document that is being sent. */
static int hold(const WCHAR *file, const WCHAR *how)
{
    DWORD share = wcscmp(how, L"shared") == 0 ? FILE_SHARE_READ | FILE_SHARE_WRITE : 0;
    HANDLE handle = CreateFileW(file, GENERIC_READ | GENERIC_WRITE, share, NULL, OPEN_EXISTING, 0, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        fail("CreateFile");
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    CloseHandle(handle);
    return 0;
}

static int reload(int rounds)
{
    HMODULE first = NULL;
    while (rounds-- > 0) {
        postkontor_host *host = NULL;
        HMODULE library = load();
        if (first && library != first)
            fail("another library");
        first = library;
        if (pk_host_open("{}", NULL, &host, NULL) != POSTKONTOR_OK || pk_host_transports(host, NULL) != POSTKONTOR_OK)
            fail("host");
        /* More often than it was loaded: careless programs do that. */
        FreeLibrary(library);
        FreeLibrary(library);
        if (pk_host_close(host, NULL) != POSTKONTOR_OK)
            fail("host_close");
    }
    puts("held");
    return 0;
}

/* The control words: of SSE without its flags, and of the x87. */
static unsigned long words(void)
{
    unsigned sse;
    unsigned short x87;
    __asm__ volatile("stmxcsr %0" : "=m"(sse));
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return ((unsigned long)x87 << 16) | (sse & 0xffc0);
}

/* What programs in Delphi run with: invalid operations, divisions by zero and overflows trap. */
static void let_trap(void)
{
    unsigned sse = 0x1900;
    unsigned short x87 = 0x1332;
    __asm__ volatile("fnclex");
    __asm__ volatile("fldcw %0" : : "m"(x87));
    __asm__ volatile("ldmxcsr %0" : : "m"(sse));
}

static unsigned long expected;
static int callbacks;

static void same(const char *where)
{
    if (words() != expected) {
        fprintf(stderr, "%s: %08lx instead of %08lx\n", where, words(), expected);
        exit(4);
    }
}

static int32_t POSTKONTOR_CALL progress(void *user, uint64_t done, uint64_t total)
{
    (void)user, (void)done, (void)total;
    same("progress");
    callbacks++;
    return 0;
}

static char *read_file(const WCHAR *name)
{
    FILE *file = _wfopen(name, L"rb");
    char *bytes = calloc(1 << 20, 1);
    if (!file || !bytes || fread(bytes, 1, (1 << 20) - 1, file) == 0)
        fail("file");
    fclose(file);
    return bytes;
}

static int traps(const WCHAR *settings, const WCHAR *mail)
{
    postkontor_callbacks table;
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    char *text = read_file(settings), *letter = read_file(mail);
    memset(&table, 0, sizeof table);
    table.size = sizeof table;
    table.progress = progress;
    load();
    let_trap();
    expected = words();
    if (pk_host_open("{}", &table, &host, &out) != POSTKONTOR_OK)
        fail("host_open");
    same("host_open");
    if (pk_account_open(host, text, NULL, &account, &out) != POSTKONTOR_OK)
        fail("account_open");
    same("account_open");
    if (pk_account_test(account, NULL, NULL, &out) != POSTKONTOR_OK)
        fail("account_test");
    same("account_test");
    pk_buf_free(&out);
    same("buf_free");
    if (pk_account_send(account, letter, NULL, 0, NULL, &out) != POSTKONTOR_OK) {
        fprintf(stderr, "%s\n", out.data);
        fail("account_send");
    }
    same("account_send");
    pk_buf_free(&out);
    /* What fails gives the words back as well. */
    if (pk_account_send(account, "{", NULL, 0, NULL, &out) == POSTKONTOR_OK)
        fail("account_send of half a document");
    same("account_send of half a document");
    pk_buf_free(&out);
    pk_account_close(account, NULL);
    pk_host_close(host, NULL);
    same("host_close");
    printf("held %s\n", callbacks ? "in callbacks, too" : "without callbacks");
    return 0;
}

int main(int argc, char **argv)
{
    int count = 0;
    WCHAR **words = CommandLineToArgvW(GetCommandLineW(), &count);
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "hold") == 0 && count > 3)
        return hold(words[2], words[3]);
    if (strcmp(what, "reload") == 0)
        return reload(atoi(argv[2]));
    if (strcmp(what, "traps") == 0 && count > 3)
        return traps(words[2], words[3]);
    fprintf(stderr, "hold, reload or traps?\n");
    return 2;
}
