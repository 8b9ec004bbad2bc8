/* GMime as a judge: reads messages from the standard input, each behind its length (4 bytes, most significant first), and writes a line of
   JSON for each: what the parser tells, in the form of our summary. */
#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

static void text(GString *out, const char *value, gssize length)
{
    char *valid = g_utf8_make_valid(value, length);
    g_string_append_c(out, '"');
    for (const unsigned char *at = (const unsigned char *)valid; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_printf(out, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            g_string_append_printf(out, "\\u%04x", *at);
        else
            g_string_append_c(out, (char)*at);
    }
    g_string_append_c(out, '"');
    g_free(valid);
}

static void member(GString *out, const char *name, const char *value)
{
    if (value) {
        g_string_append_printf(out, "\"%s\":", name);
        text(out, value, -1);
        g_string_append_c(out, ',');
    }
}

static void comma_off(GString *out)
{
    if (out->str[out->len - 1] == ',')
        g_string_truncate(out, out->len - 1);
}

static void people(GString *out, InternetAddressList *list, const char *group)
{
    for (int at = 0; list && at < internet_address_list_length(list); at++) {
        InternetAddress *address = internet_address_list_get_address(list, at);
        const char *name = internet_address_get_name(address);
        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            people(out, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), name);
            continue;
        }
        const char *place = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        g_string_append_c(out, '{');
        member(out, "name", name && *name ? name : NULL);
        member(out, place && strchr(place, '@') ? "address" : "text", place);
        member(out, "group", group);
        comma_off(out);
        g_string_append(out, "},");
    }
}

static void list(GString *out, const char *name, InternetAddressList *addresses)
{
    g_string_append_printf(out, "\"%s\":[", name);
    people(out, addresses, NULL);
    comma_off(out);
    g_string_append(out, "],");
}

/* The bytes of a part: decoded, or an attached message as GMime writes it. */
static GByteArray *bytes_of(GMimeObject *object)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    GByteArray *bytes = g_byte_array_new();
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), bytes);
    if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        GMimeFormatOptions *options = g_mime_format_options_new();
        g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
        if (message)
            g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream);
        g_mime_format_options_free(options);
    } else if (GMIME_IS_PART(object)) {
        GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(object));
        if (content)
            g_mime_data_wrapper_write_to_stream(content, stream);
    }
    g_mime_stream_flush(stream);
    g_object_unref(stream);
    return bytes;
}

typedef struct {
    GString *text, *html, *parts;
    gboolean has_text, has_html;
} Bodies;

static void body(GMimeObject *object, GString *into, gboolean *has)
{
    if (*has)
        g_string_append_c(into, '\n');
    *has = TRUE;
    char *decoded = GMIME_IS_TEXT_PART(object) ? g_mime_text_part_get_text(GMIME_TEXT_PART(object)) : NULL;
    if (decoded)
        g_string_append(into, decoded);
    g_free(decoded);
}

static void attachment(GMimeObject *object, GString *out)
{
    GByteArray *bytes = bytes_of(object);
    char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
    char *kind = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object));
    char *lower = g_ascii_strdown(kind, -1);
    const char *name = GMIME_IS_PART(object) ? g_mime_part_get_filename(GMIME_PART(object)) : NULL;
    if (!name)
        name = g_mime_object_get_content_disposition_parameter(object, "filename");
    if (!name)
        name = g_mime_object_get_content_type_parameter(object, "name");
    g_string_append_printf(out, "{\"size\":%u,", bytes->len);
    member(out, "sha256", digest);
    member(out, "type", lower);
    member(out, "name", name);
    member(out, "inline", g_mime_object_get_content_id(object));
    comma_off(out);
    g_string_append(out, "},");
    g_free(lower);
    g_free(kind);
    g_free(digest);
    g_byte_array_unref(bytes);
}

/* Which parts are texts and which are attachments, by the rule that we follow: JMAP's (RFC 8621 4.1.4). */
static void leaf(GMimeObject *object, gboolean first, const char *above, Bodies *bodies)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    gboolean plain = g_mime_content_type_is_type(type, "text", "plain"), html = g_mime_content_type_is_type(type, "text", "html");
    const char *disposition = g_mime_object_get_disposition(object);
    gboolean shown = !(disposition && g_ascii_strcasecmp(disposition, "attachment") == 0) && (plain || html);
    gboolean named = g_mime_content_type_get_parameter(type, "name") != NULL;
    if (shown && g_ascii_strcasecmp(above, "alternative") != 0)
        shown = first || (g_ascii_strcasecmp(above, "related") != 0 && !named);
    if (shown && plain)
        body(object, bodies->text, &bodies->has_text);
    else if (shown)
        body(object, bodies->html, &bodies->has_html);
    else
        attachment(object, bodies->parts);
}

static void walk(GMimeObject *object, gboolean first, const char *above, Bodies *bodies)
{
    if (!GMIME_IS_MULTIPART(object)) {
        leaf(object, first, above, bodies);
        return;
    }
    const char *kind = g_mime_content_type_get_media_subtype(g_mime_object_get_content_type(object));
    for (int at = 0; at < g_mime_multipart_get_count(GMIME_MULTIPART(object)); at++)
        walk(g_mime_multipart_get_part(GMIME_MULTIPART(object), at), at == 0, kind ? kind : "", bodies);
}

static void tell(GMimeMessage *message, GString *out)
{
    Bodies bodies = {g_string_new(""), g_string_new(""), g_string_new(""), FALSE, FALSE};
    GDateTime *date = g_mime_message_get_date(message);
    const char *subject = g_mime_message_get_subject(message);
    g_string_append_c(out, '{');
    member(out, "subject", subject ? subject : "");
    list(out, "from", g_mime_message_get_from(message));
    list(out, "sender", g_mime_message_get_sender(message));
    list(out, "reply_to", g_mime_message_get_reply_to(message));
    list(out, "to", g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_TO));
    list(out, "cc", g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_CC));
    list(out, "bcc", g_mime_message_get_addresses(message, GMIME_ADDRESS_TYPE_BCC));
    member(out, "message_id", g_mime_message_get_message_id(message));
    char *written = date ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%S%:z") : NULL;
    member(out, "date", written);
    g_free(written);
    if (g_mime_message_get_mime_part(message))
        walk(g_mime_message_get_mime_part(message), TRUE, "", &bodies);
    member(out, "text", bodies.text->str);
    member(out, "html", bodies.html->str);
    if (bodies.parts->len)
        comma_off(bodies.parts);
    g_string_append_printf(out, "\"parts\":[%s]}\n", bodies.parts->str);
    g_string_free(bodies.text, TRUE);
    g_string_free(bodies.html, TRUE);
    g_string_free(bodies.parts, TRUE);
}

int main(int count, char **arguments)
{
    unsigned char head[4];
    g_mime_init();
    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        printf("%u.%u.%u\n", gmime_major_version, gmime_minor_version, gmime_micro_version);
        return 0;
    }
    while (fread(head, 1, 4, stdin) == 4) {
        size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        char *raw = g_malloc(length + 1);
        if (fread(raw, 1, length, stdin) != length)
            return 1;
        GMimeStream *stream = g_mime_stream_mem_new_with_buffer(raw, length);
        GMimeParser *parser = g_mime_parser_new_with_stream(stream);
        GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
        GString *out = g_string_new("");
        if (message)
            tell(message, out);
        else
            g_string_append(out, "{\"failed\":\"no message\"}\n");
        fwrite(out->str, 1, out->len, stdout);
        fflush(stdout);
        g_string_free(out, TRUE);
        if (message)
            g_object_unref(message);
        g_object_unref(parser);
        g_object_unref(stream);
        g_free(raw);
    }
    return 0;
}
