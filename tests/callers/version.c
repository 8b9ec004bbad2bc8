/* Asks Windows for the version that a file says it has, as installers do.
 *
 *     version FILE
 *
 * Prints the numbers, the description, the original name and the version of the product, a line each. */

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static const char *const NAMES[] = {"FileDescription", "OriginalFilename", "ProductVersion"};
    DWORD unused, size = argc == 2 ? GetFileVersionInfoSizeA(argv[1], &unused) : 0;
    void *version = malloc(size + 1);
    VS_FIXEDFILEINFO *fixed;
    UINT length;
    size_t name;
    if (!version || size == 0 || !GetFileVersionInfoA(argv[1], 0, size, version) || !VerQueryValueA(version, "\\", (void **)&fixed, &length)) {
        fprintf(stderr, "error %lu\n", GetLastError());
        return 1;
    }
    printf("%u.%u.%u.%u\n", HIWORD(fixed->dwFileVersionMS), LOWORD(fixed->dwFileVersionMS), HIWORD(fixed->dwFileVersionLS),
           LOWORD(fixed->dwFileVersionLS));
    for (name = 0; name < sizeof NAMES / sizeof *NAMES; name++) {
        char path[64], *value;
        snprintf(path, sizeof path, "\\StringFileInfo\\040904B0\\%s", NAMES[name]);
        if (!VerQueryValueA(version, path, (void **)&value, &length)) {
            fprintf(stderr, "%s: error %lu\n", NAMES[name], GetLastError());
            return 1;
        }
        printf("%s\n", value);
    }
    free(version);
    return 0;
}
