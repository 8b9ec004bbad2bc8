/* What this transport needs of files, and C alone does not say the same way everywhere. Paths are UTF-8. */
#ifndef FOLDER_FILE_H
#define FOLDER_FILE_H

#include <stdio.h>

/* Whether a path means the same in every working directory. */
int file_is_absolute(const char *path);

/* Creates a file for writing that was not there before; NULL with errno set when that fails. */
FILE *file_create(const char *path);

/* Waits until the disk has what was written. 0, or -1 with errno set. */
int file_sync(FILE *file);

/* Gives a file another name in the same folder, and removes a file. 0, or -1 with errno set. */
int file_rename(const char *from, const char *to);
int file_remove(const char *path);

/* The number of this process, and the time in nanoseconds since 1970: no C library of Windows before the UCRT has timespec_get. */
unsigned long file_process(void);
unsigned long long file_time(void);

#endif
