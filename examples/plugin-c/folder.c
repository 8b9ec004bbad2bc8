/*
 * Transport `folder-c`: writes each mail as a file into a drop folder, where another program picks it up.
 *
 * The same idea as examples/plugin, in C with nothing but include/postkontor_plugin.h. Every mail becomes a file `….eml`,
 * written under another name and renamed when it is complete. The envelope stands in its first lines, as X-Sender and
 * X-Receiver, because the message itself does not name its BCC recipients.
 *
 *     gcc -shared -fPIC -o libfolder-c.so folder.c json.c file.c -I ../../include
 *     i686-w64-mingw32-gcc -shared -static-libgcc -o folder-c.dll folder.c json.c file.c -I ../../include
 */
#include "file.h"
#include "json.h"
#include "postkontor_plugin.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Statuses of include/postkontor.h. */
enum { OK = 0, SETTINGS = 2, UNSUPPORTED = 4, TIMEOUT = 8, CANCELLED = 9, INTERNAL = 16, LOCAL = 19 };

/* A session: there is nothing to keep open, so it is the folder's path. */
typedef struct {
    char *path;
} folder;

/* ---- what the transport says of itself ---- */

static const char DESCRIPTION[] = "{\"name\":\"folder-c\",\"version\":\"1.0.0\",\"operations\":[\"test\",\"send\"]";

static const char SCHEMA[] =
    ",\"schema\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"folder\"],\"properties\":{"
    "\"folder\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],\"properties\":{"
    "\"path\":{\"type\":\"string\",\"minLength\":1,\"description\":\"The folder that mail is written to, as absolute path.\","
    "\"x-postkontor\":{\"scope\":\"workstation\",\"order\":10}}}}}}";

static const char TEXTS[] =
    ",\"texts\":{\"en\":{\"settings\":{"
    "\"/folder\":{\"title\":\"Drop folder\",\"description\":\"The folder from which another program collects the mail.\"},"
    "\"/folder/path\":{\"title\":\"Folder\",\"description\":\"Absolute path of the folder. Each mail becomes a file ending in .eml.\"}},"
    "\"codes\":{\"folder.relative\":\"\\\"{path}\\\" is not an absolute path. Please give the folder with its full path.\","
    "\"folder.not_writable\":\"No file can be written to the folder {path}: {cause}\"}},"
    "\"de\":{\"settings\":{"
    "\"/folder\":{\"title\":\"Ablageordner\",\"description\":\"Der Ordner, aus dem ein anderes Programm die E-Mails abholt.\"},"
    "\"/folder/path\":{\"title\":\"Ordner\",\"description\":\"Vollständiger Pfad des Ordners. Jede E-Mail wird zu einer Datei mit der Endung "
    ".eml.\"}},"
    "\"codes\":{\"folder.relative\":\"„{path}“ ist kein vollständiger Pfad. Bitte geben Sie den Ordner mit seinem ganzen Pfad an.\","
    "\"folder.not_writable\":\"In den Ordner {path} lässt sich keine Datei schreiben: {cause}\"}}}";

/* ---- answers ---- */

static void free_answer(postkontor_plugin_buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->len = 0;
}

/* Hands the text over to the host, who gives it back through `free_answer`. */
static int answer(int status, json_text text, postkontor_plugin_buffer *out)
{
    if (text.failed) {
        free(text.data);
        text = (json_text){0};
        status = INTERNAL;
    }
    if (out)
        *out = (postkontor_plugin_buffer){(uint8_t *)text.data, text.len, text.capacity, free_answer};
    else
        free(text.data);
    return status;
}

/* Writes a JSON error; `path` and `cause` may be NULL. */
static void write_error(json_text *to, int status, const char *code, const char *stage, const char *path, const char *cause)
{
    json_write(to, "{\"status\":");
    json_write_number(to, (uint64_t)status);
    json_write(to, ",\"code\":");
    json_write_string(to, code);
    json_write(to, ",\"stage\":");
    json_write_string(to, stage);
    if (path) {
        json_write(to, ",\"args\":{\"path\":");
        json_write_string(to, path);
        json_write(to, ",\"cause\":");
        json_write_string(to, cause ? cause : "");
        json_write(to, "},\"at\":[{\"pointer\":\"/folder/path\",\"code\":");
        json_write_string(to, code);
        json_write(to, "}]");
    }
    if (cause) {
        json_write(to, ",\"detail\":");
        json_write_string(to, cause);
    }
    json_write(to, "}");
}

static int fail(int status, const char *code, postkontor_plugin_buffer *out)
{
    json_text text = {0};
    write_error(&text, status, code, "settings", NULL, NULL);
    return answer(status, text, out);
}

/* ---- sending ---- */

/* The path of a file in the folder, to be freed by the caller. No two calls give the same. */
static char *new_path(const folder *to, const char *name, const char *ending)
{
    size_t size = strlen(to->path) + strlen(name) + strlen(ending) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s%s", to->path, name, ending);
    return path;
}

static void new_name(char *name, size_t size)
{
    static atomic_ulong number;
    snprintf(name, size, "%llu-%lu-%lu", file_time(), file_process(), atomic_fetch_add(&number, 1));
}

/* Writes a header line with an address, unless the address would end the line. */
static int write_address(FILE *file, const char *header, const char *address)
{
    if (!address || strpbrk(address, "\r\n")) {
        errno = EINVAL;
        return -1;
    }
    return fprintf(file, "%s: <%s>\r\n", header, address) < 0 ? -1 : 0;
}

/* Copies envelope and message into the file. 0, or the status to end with; -1 means that errno says why. */
static int write_mail(FILE *file, json_value mail, const postkontor_plugin_host *host, uint64_t *size)
{
    static const size_t BLOCK = 64 * 1024;
    uint64_t stream = json_number(json_member(mail, "stream")), total = json_number(json_member(mail, "size"));
    char *from = json_string(json_member(mail, "from"));
    int status = write_address(file, "X-Sender", from);
    free(from);
    json_value recipients = json_member(mail, "recipients"), recipient;
    for (size_t i = 0; status == 0 && (recipient = json_element(recipients, i)).at; i++) {
        char *address = json_string(recipient);
        status = write_address(file, "X-Receiver", address);
        free(address);
    }
    uint8_t *block = malloc(BLOCK);
    int64_t read = block ? 1 : -INTERNAL;
    for (*size = 0; status == 0 && read > 0;) {
        read = host->read(host->context, stream, block, BLOCK);
        if (read < 0)
            status = (int)-read;
        else if (fwrite(block, 1, (size_t)read, file) != (size_t)read)
            status = -1;
        else {
            *size += (uint64_t)read;
            status = host->progress(host->context, *size, total);
        }
    }
    free(block);
    return status == 0 ? file_sync(file) : status;
}

/* Stores one mail and writes its result, `{"sent":…}` or `{"error":…}`. */
static void send_mail(const folder *to, json_value mail, const postkontor_plugin_host *host, json_text *result)
{
    char name[64];
    new_name(name, sizeof name);
    char *part = new_path(to, name, ".part"), *complete = new_path(to, name, ".eml");
    FILE *file = part && complete ? file_create(part) : NULL;
    uint64_t size = 0;
    int status = file ? write_mail(file, mail, host, &size) : -1, cause = errno;
    if (file && fclose(file) != 0 && status == 0) {
        status = -1;
        cause = errno;
    }
    if (status == 0 && file_rename(part, complete) != 0) {
        status = -1;
        cause = errno;
    }
    if (status == 0) {
        json_write(result, "{\"sent\":{\"recipients\":[");
        json_value recipients = json_member(mail, "recipients"), recipient;
        for (size_t i = 0; (recipient = json_element(recipients, i)).at; i++) {
            char *address = json_string(recipient);
            json_write(result, i ? ",{\"address\":" : "{\"address\":");
            json_write_string(result, address ? address : "");
            json_write(result, ",\"status\":\"accepted\"}");
            free(address);
        }
        json_write(result, "],\"size\":");
        json_write_number(result, size);
        json_write(result, ",\"saved_to\":");
        json_write_string(result, complete);
        json_write(result, "}}");
    } else {
        /* What is left of half a mail is of no use to anybody. */
        if (file)
            file_remove(part);
        json_write(result, "{\"error\":");
        if (status == -1)
            write_error(result, LOCAL, "folder.not_writable", "content", to->path, strerror(cause));
        else if (status == TIMEOUT)
            write_error(result, status, "call.timeout", "content", NULL, NULL);
        else
            write_error(result, status, status == CANCELLED ? "call.cancelled" : "message.source_failed", "content", NULL, NULL);
        json_write(result, "}");
    }
    free(part);
    free(complete);
}

static int send_all(const folder *to, json_value request, const postkontor_plugin_host *host, postkontor_plugin_buffer *out)
{
    json_text results = {0};
    json_value mails = json_member(request, "messages"), mail;
    json_write(&results, "{\"results\":[");
    for (size_t i = 0; (mail = json_element(mails, i)).at; i++) {
        if (i)
            json_write(&results, ",");
        send_mail(to, mail, host, &results);
    }
    json_write(&results, "]}");
    return answer(OK, results, out);
}

/* ---- testing ---- */

static int test(const folder *of, postkontor_plugin_buffer *out)
{
    char name[64];
    new_name(name, sizeof name);
    char *trial = new_path(of, name, ".part");
    FILE *file = trial ? file_create(trial) : NULL;
    int cause = errno;
    json_text report = {0};
    json_write(&report, "{\"steps\":[{\"step\":\"mailbox\",\"pointer\":\"/folder/path\",\"facts\":{\"path\":");
    json_write_string(&report, of->path);
    if (file) {
        fclose(file);
        file_remove(trial);
        json_write(&report, "},\"status\":\"ok\"}]}");
    } else {
        json_write(&report, ",\"cause\":");
        json_write_string(&report, strerror(cause));
        json_write(&report, "},\"status\":\"fail\",\"status_number\":19,\"code\":\"folder.not_writable\"}]}");
    }
    free(trial);
    return answer(OK, report, out);
}

/* ---- the vtable ---- */

static int32_t describe_plugin(postkontor_plugin_bytes request, postkontor_plugin_buffer *out)
{
    json_text text = {0};
    json_write(&text, DESCRIPTION);
    if (json_true(json_member(json_parse(request.data, request.len), "full"))) {
        json_write(&text, SCHEMA);
        json_write(&text, TEXTS);
    }
    json_write(&text, "}");
    return answer(OK, text, out);
}

static int32_t open_session(postkontor_plugin_bytes request, const postkontor_plugin_host *host, void **session, postkontor_plugin_buffer *out)
{
    (void)host;
    json_value settings = json_member(json_parse(request.data, request.len), "settings");
    char *path = json_string(json_member(json_member(settings, "folder"), "path"));
    if (!path)
        return fail(SETTINGS, "settings.unreadable", out);
    if (!file_is_absolute(path)) {
        json_text error = {0};
        write_error(&error, SETTINGS, "folder.relative", "settings", path, NULL);
        free(path);
        return answer(SETTINGS, error, out);
    }
    folder *opened = malloc(sizeof *opened);
    if (!opened) {
        free(path);
        return fail(INTERNAL, "plugin.memory", out);
    }
    opened->path = path;
    *session = opened;
    json_text nothing = {0};
    json_write(&nothing, "{}");
    return answer(OK, nothing, out);
}

static int32_t call_session(void *session, postkontor_plugin_bytes op, postkontor_plugin_bytes request, const postkontor_plugin_host *host,
                            postkontor_plugin_buffer *out)
{
    if (op.len == 4 && memcmp(op.data, "test", 4) == 0)
        return test(session, out);
    if (op.len == 4 && memcmp(op.data, "send", 4) == 0)
        return send_all(session, json_parse(request.data, request.len), host, out);
    return fail(UNSUPPORTED, "transport.operation_unsupported", out);
}

static void close_session(void *session)
{
    folder *closed = session;
    if (closed) {
        free(closed->path);
        free(closed);
    }
}

static const postkontor_plugin PLUGIN = {POSTKONTOR_PLUGIN_MAGIC, sizeof(postkontor_plugin), describe_plugin, open_session, call_session,
                                         close_session};

POSTKONTOR_PLUGIN_EXPORT const postkontor_plugin *postkontor_plugin_v1(void)
{
    return &PLUGIN;
}
