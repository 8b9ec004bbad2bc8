/* Opens a message from a file with GMime and decodes all its parts, several times over: bench "decode".
 * Prints the milliseconds of the best turn, the decoded bytes, and their sum. */
#include <gmime/gmime.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct decoded {
    uint64_t bytes, sum;
    int adds;
};

static void decode(GMimeObject *parent, GMimeObject *part, gpointer user)
{
    (void)parent;
    struct decoded *decoded = user;
    if (!GMIME_IS_PART(part))
        return;
    GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(part));
    gint64 length = g_mime_stream_length(g_mime_data_wrapper_get_stream(content));
    /* With room for all of it from the beginning: growing would copy it. */
    GByteArray *bytes = g_byte_array_sized_new(length);
    GMimeStream *memory = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_data_wrapper_write_to_stream(content, memory);
    decoded->bytes += bytes->len;
    for (guint at = 0; decoded->adds && at < bytes->len; at++)
        decoded->sum += bytes->data[at];
    g_object_unref(memory);
}

static struct decoded turn(const char *file, int adds)
{
    struct decoded decoded = {0, 0, adds};
    gchar *text;
    gsize length;
    if (!g_file_get_contents(file, &text, &length, NULL))
        exit(1);
    /* The file read at once and parsed in memory is faster than GMime's streams of files. */
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(g_byte_array_new_take((guint8 *)text, length));
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_mime_message_foreach(message, decode, &decoded);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
    return decoded;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    g_mime_init();
    struct decoded decoded = turn(arguments[1], 1);
    double best = 1e9;
    for (int turns = atoi(arguments[2]); turns > 0; turns--) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        turn(arguments[1], 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double milliseconds = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;
        if (milliseconds < best)
            best = milliseconds;
    }
    printf("%.3f %llu %llu\n", best, (unsigned long long)decoded.bytes, (unsigned long long)decoded.sum);
    g_mime_shutdown();
    return 0;
}
