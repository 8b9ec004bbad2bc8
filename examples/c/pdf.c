#include "pdf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *data;
    size_t len;
    int failed;
} text;

static void put(text *to, const char *format, ...)
{
    char piece[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(piece, sizeof piece, format, values);
    va_end(values);
    char *grown = to->failed || length < 0 || (size_t)length >= sizeof piece ? NULL : realloc(to->data, to->len + (size_t)length + 1);
    if (!grown) {
        to->failed = 1;
        return;
    }
    memcpy(grown + to->len, piece, (size_t)length + 1);
    to->data = grown;
    to->len += (size_t)length;
}

/* A line of text as a PDF string: brackets and backslashes are escaped. */
static void put_line(text *to, const char *line)
{
    put(to, "(");
    for (; *line; line++)
        put(to, strchr("()\\", *line) ? "\\%c" : "%c", *line);
    put(to, ") Tj T*\n");
}

unsigned char *pdf_make(const char *const *lines, size_t count, size_t *size)
{
    text page = {0}, pdf = {0};
    size_t at[6] = {0};
    put(&page, "BT /F1 14 Tf 20 TL 70 760 Td\n");
    for (size_t i = 0; i < count; i++)
        put_line(&page, lines[i]);
    put(&page, "ET\n");

    put(&pdf, "%%PDF-1.4\n");
    at[1] = pdf.len;
    put(&pdf, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    at[2] = pdf.len;
    put(&pdf, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    at[3] = pdf.len;
    put(&pdf, "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R\n"
              "   /Resources << /Font << /F1 5 0 R >> >> >>\nendobj\n");
    at[4] = pdf.len;
    put(&pdf, "4 0 obj\n<< /Length %lu >>\nstream\n", (unsigned long)page.len);
    for (const char *line = page.data; line && *line;) {
        const char *end = strchr(line, '\n');
        put(&pdf, "%.*s\n", (int)(end - line), line);
        line = end + 1;
    }
    put(&pdf, "endstream\nendobj\n");
    at[5] = pdf.len;
    put(&pdf, "5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>\nendobj\n");
    size_t table = pdf.len;
    put(&pdf, "xref\n0 6\n0000000000 65535 f \n");
    for (int i = 1; i < 6; i++)
        put(&pdf, "%010lu 00000 n \n", (unsigned long)at[i]);
    put(&pdf, "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%lu\n%%%%EOF\n", (unsigned long)table);

    int failed = page.failed || pdf.failed;
    free(page.data);
    if (failed) {
        free(pdf.data);
        return NULL;
    }
    *size = pdf.len;
    return (unsigned char *)pdf.data;
}
