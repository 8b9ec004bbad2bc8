/* Calls each function as somebody's declaration has it, with nothing but null, and looks where that leaves the stack. For 32 bits, where the
 * function takes its parameters off.
 *
 *     stack NAME=BYTES…
 *
 * Prints for each function its name and by how many bytes the stack has moved: 0 where the declaration is right. */

#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int moved(FARPROC function, int words)
{
    int bytes;
    __asm__ volatile(
        "movl %%esp, %%esi\n\t"
        "1: testl %%ecx, %%ecx\n\t"
        "jz 2f\n\t"
        "pushl $0\n\t"
        "decl %%ecx\n\t"
        "jmp 1b\n"
        "2: call *%%eax\n\t"
        "movl %%esi, %%ebx\n\t"
        "subl %%esp, %%ebx\n\t"
        "movl %%esi, %%esp"
        : "=b"(bytes), "+c"(words), "+a"(function) : : "esi", "edx", "memory", "cc");
    return bytes;
}

int main(int argc, char **argv)
{
    HMODULE library = LoadLibraryA("postkontor.dll");
    int word;
    for (word = 1; word < argc; word++) {
        char *bytes = strchr(argv[word], '=');
        FARPROC function;
        if (!bytes)
            return 2;
        *bytes++ = 0;
        function = library ? GetProcAddress(library, argv[word]) : NULL;
        if (!function)
            printf("%s missing\n", argv[word]);
        else
            printf("%s %d\n", argv[word], moved(function, atoi(bytes) / 4));
    }
    return 0;
}
