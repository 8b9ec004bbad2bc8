/* Hands a mail over to the outbox, lets it be sent, and asks what became of it.
 *
 *     outbox SETTINGS.json put RECIPIENT KEY
 *     outbox SETTINGS.json work
 *     outbox SETTINGS.json ask KEY
 *
 * The settings name the store, {"outbox":{"store":"sqlite:/path/outbox.db"}} (docs/outbox.md). KEY is the program's own name for the mail,
 * for example the number of the invoice: put twice, it goes out once. A secret is the environment variable of the name that the
 * settings give. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MAIL[] = "{\"message\":{\"to\":[\"%s\"],\"subject\":\"Invoice %s\",\"text\":\"Please find our invoice attached.\","
                           "\"attachments\":[{\"name\":\"%s.txt\",\"part\":0}]},\"key\":\"%s\"}";

static const char INVOICE[] = "The amount is 1,234.56 EUR.\r\n";

static int32_t POSTKONTOR_CALL secret(void *user, const char *name, char *value, int32_t capacity)
{
    const char *found = getenv(name);
    size_t length = found ? strlen(found) : 0;
    (void)user;
    if (!found)
        return -1;
    if (length <= (size_t)capacity)
        memcpy(value, found, length);
    return (int32_t)length;
}

/* Reads a whole text file; the caller frees it. */
static char *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    char *text = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0)
        text = malloc((size_t)size + 1);
    if (text && fread(text, 1, (size_t)size, file) == (size_t)size) {
        text[size] = 0;
    } else {
        perror(name);
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

/* Whether a text can stand in JSON as it is, and is short enough for the example. */
static int is_plain(const char *text)
{
    return strlen(text) <= 300 && !strpbrk(text, "\"\\");
}

static postkontor_status run(postkontor_outbox *outbox, int argc, char **argv, postkontor_buf *out)
{
    char text[2000];
    postkontor_slice invoice;
    invoice.data = (const uint8_t *)INVOICE;
    invoice.len = sizeof INVOICE - 1;
    if (strcmp(argv[2], "put") == 0 && argc == 5 && is_plain(argv[3]) && is_plain(argv[4])) {
        sprintf(text, MAIL, argv[3], argv[4], argv[4], argv[4]);
        /* When it returns, the mail is durable: the program may forget it. */
        return postkontor_outbox_put(outbox, text, &invoice, 1, NULL, out);
    }
    /* Usually a thread or a service of its own, with {"until":"stopped"}. */
    if (strcmp(argv[2], "work") == 0)
        return postkontor_outbox_work(outbox, NULL, NULL, out);
    if (strcmp(argv[2], "ask") == 0 && argc == 4 && is_plain(argv[3])) {
        sprintf(text, "{\"key\":\"%s\"}", argv[3]);
        return postkontor_outbox_query(outbox, text, NULL, out);
    }
    return POSTKONTOR_ARGUMENT;
}

int main(int argc, char **argv)
{
    postkontor_callbacks callbacks = {sizeof callbacks, NULL, NULL, NULL, secret, NULL, NULL};
    postkontor_host *host = NULL;
    postkontor_outbox *outbox = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    char *settings = argc > 2 ? read_file(argv[1]) : NULL;
    if (!settings) {
        fprintf(stderr, "usage: outbox SETTINGS.json put RECIPIENT KEY | work | ask KEY\n");
        return POSTKONTOR_ARGUMENT;
    }
    status = postkontor_host_open(NULL, &callbacks, &host, &out);
    if (status == POSTKONTOR_OK) {
        postkontor_buf_free(&out);
        status = postkontor_outbox_open(host, settings, NULL, &outbox, &out);
    }
    if (status == POSTKONTOR_OK) {
        postkontor_buf_free(&out);
        status = run(outbox, argc, argv, &out);
    }
    fprintf(status == POSTKONTOR_OK ? stdout : stderr, "%d %s\n", (int)status, out.data ? out.data : "");
    postkontor_buf_free(&out);
    if (host)
        postkontor_host_close(host, NULL);
    free(settings);
    return status;
}
