/* A small PDF document, made in memory: one page with lines of text. */
#ifndef DEMO_PDF_H
#define DEMO_PDF_H

#include <stddef.h>

/* Makes the document. `lines` are Latin-1; the bytes are to be freed by the caller, NULL when memory runs out. */
unsigned char *pdf_make(const char *const *lines, size_t count, size_t *size);

#endif
