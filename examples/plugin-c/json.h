/* Just enough JSON for a transport: finding members of what the host says, and writing answers. */
#ifndef FOLDER_JSON_H
#define FOLDER_JSON_H

#include <stddef.h>
#include <stdint.h>

/* A value inside a JSON text that somebody else owns. `at` is NULL when there is no such value. */
typedef struct {
    const char *at;
    const char *end;
} json_value;

/* The value that a whole text holds. The text must be well-formed, as everything is that the host passes. */
json_value json_parse(const uint8_t *text, size_t len);

/* A member of an object, and an element of an array; nothing when there is none or `of` is of another kind. */
json_value json_member(json_value of, const char *name);
json_value json_element(json_value of, size_t index);

/* A string with its escapes resolved, in UTF-8 with a closing zero byte, to be freed by the caller. NULL when the value
   is no string or holds U+0000, which no path and no address may. */
char *json_string(json_value of);

/* A whole number, or 0 when the value is none. */
uint64_t json_number(json_value of);

/* Whether the value is `true`. */
int json_true(json_value of);

/* A text that grows while it is written. `failed` is set, and stays set, when memory runs out. */
typedef struct {
    char *data;
    size_t len;
    size_t capacity;
    int failed;
} json_text;

/* Appends JSON as it stands, a text as a JSON string, and a number. */
void json_write(json_text *to, const char *json);
void json_write_string(json_text *to, const char *text);
void json_write_number(json_text *to, uint64_t number);

#endif
