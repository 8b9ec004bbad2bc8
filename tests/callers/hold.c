/* Has a file of Windows open, as a word processor has the document that is being sent.
 *
 *     hold FILE shared|alone
 *
 * Prints "held", and closes the file when its input ends. */

#include <windows.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    DWORD share = argc == 3 && strcmp(argv[2], "shared") == 0 ? FILE_SHARE_READ | FILE_SHARE_WRITE : 0;
    HANDLE file = argc == 3 ? CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, share, NULL, OPEN_EXISTING, 0, NULL) : INVALID_HANDLE_VALUE;
    if (file == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "error %lu\n", GetLastError());
        return 1;
    }
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    CloseHandle(file);
    return 0;
}
