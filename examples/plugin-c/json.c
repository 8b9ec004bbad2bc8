#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_value NOTHING = {NULL, NULL};

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* The place behind the string that begins at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : end;
}

/* The place behind the value that begins at `at`. Counts brackets instead of recursing, so depth costs no stack. */
static const char *skip_value(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
        } else if (c == '{' || c == '[') {
            depth++;
            at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at;
            depth--;
            at++;
        } else if (depth == 0) {
            while (at < end && !strchr(",]} \t\r\n", *at))
                at++;
            return at;
        } else {
            at++;
            continue;
        }
        if (depth == 0)
            return at;
    }
    return end;
}

json_value json_parse(const uint8_t *text, size_t len)
{
    if (!text || len == 0)
        return NOTHING;
    json_value whole = {(const char *)text, (const char *)text + len};
    whole.at = skip_space(whole.at, whole.end);
    return whole.at < whole.end ? whole : NOTHING;
}

json_value json_element(json_value of, size_t index)
{
    if (!of.at || *of.at != '[')
        return NOTHING;
    const char *at = skip_space(of.at + 1, of.end);
    while (at < of.end && *at != ']') {
        const char *end = skip_value(at, of.end);
        if (index-- == 0)
            return (json_value){at, end};
        at = skip_space(end, of.end);
        if (at < of.end && *at == ',')
            at = skip_space(at + 1, of.end);
    }
    return NOTHING;
}

json_value json_member(json_value of, const char *name)
{
    if (!of.at || *of.at != '{')
        return NOTHING;
    const char *at = skip_space(of.at + 1, of.end);
    while (at < of.end && *at == '"') {
        const char *behind = skip_string(at, of.end);
        char *key = json_string((json_value){at, behind});
        int found = key && strcmp(key, name) == 0;
        free(key);
        at = skip_space(behind, of.end);
        if (at < of.end && *at == ':')
            at = skip_space(at + 1, of.end);
        const char *end = skip_value(at, of.end);
        if (found)
            return at < end ? (json_value){at, end} : NOTHING;
        at = skip_space(end, of.end);
        if (at < of.end && *at == ',')
            at = skip_space(at + 1, of.end);
    }
    return NOTHING;
}

/* Four hexadecimal digits, or -1. */
static long hex4(const char *at, const char *end)
{
    long value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, unsigned long c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* Resolves the escape behind a backslash, moves `at` behind it, and says which character it stands for; -1 if none. */
static long escape(const char **at, const char *end)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = *(*at)++;
    const char *simple = c ? strchr(from, c) : NULL;
    if (simple)
        return to[simple - from];
    long high = c == 'u' ? hex4(*at, end) : -1;
    if (high < 0)
        return -1;
    *at += 4;
    if (high >= 0xDC00 && high < 0xE000)
        return -1;
    if (high < 0xD800 || high >= 0xE000)
        return high;
    /* Characters beyond U+FFFF are two escapes (RFC 8259, section 7). */
    long low = end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2, end) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    *at += 6;
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

char *json_string(json_value of)
{
    if (!of.at || *of.at != '"')
        return NULL;
    /* No escape is shorter than the UTF-8 it stands for. */
    char *text = malloc((size_t)(of.end - of.at) + 1), *to = text;
    const char *at = of.at + 1;
    while (text && at < of.end && *at != '"') {
        long c = (unsigned char)*at++;
        if (c == '\\' && at < of.end) {
            c = escape(&at, of.end);
            if (c > 0)
                to = put_utf8(to, (unsigned long)c);
        } else {
            *to++ = (char)c;
        }
        if (c <= 0) {
            free(text);
            return NULL;
        }
    }
    if (text)
        *to = 0;
    return text;
}

uint64_t json_number(json_value of)
{
    uint64_t number = 0;
    for (const char *at = of.at; at && at < of.end && *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return number;
}

int json_true(json_value of)
{
    return of.at && of.end - of.at >= 4 && memcmp(of.at, "true", 4) == 0;
}

static void append(json_text *to, const char *data, size_t len)
{
    if (to->failed)
        return;
    if (to->capacity - to->len < len) {
        size_t capacity = to->capacity * 2 + len + 256;
        char *grown = realloc(to->data, capacity);
        if (!grown) {
            to->failed = 1;
            return;
        }
        to->data = grown;
        to->capacity = capacity;
    }
    memcpy(to->data + to->len, data, len);
    to->len += len;
}

void json_write(json_text *to, const char *json)
{
    append(to, json, strlen(json));
}

void json_write_string(json_text *to, const char *text)
{
    append(to, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[8];
        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            append(to, escaped, 2);
        } else if (c < 0x20) {
            append(to, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        } else {
            append(to, text, 1);
        }
    }
    append(to, "\"", 1);
}

void json_write_number(json_text *to, uint64_t number)
{
    char digits[24];
    append(to, digits, (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number));
}
