/* Sends an invoice as PDF: lists the transports, tests the settings, sends, and shows what a wrong password looks like.
 *
 *     invoice SETTINGS.json INVOICE.pdf
 *
 * The password is taken from the environment variable INVOICE_PASSWORD, as a program would take it from its own store: the
 * settings only name it, {"password":{"secret":"mail"}}. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MESSAGE[] =
    "{\"to\":[\"accounting@customer.example\"],\"subject\":\"Invoice 4711\",\"text\":\"Please find our invoice attached.\","
    "\"attachments\":[{\"name\":\"Invoice 4711.pdf\",\"part\":0,\"type\":\"application/pdf\"}]}";

/* Gives the password for the name that the settings use. */
static int32_t POSTKONTOR_CALL secret(void *user, const char *name, char *value, int32_t capacity)
{
    const char *password = user ? *(const char **)user : NULL;
    size_t length = password ? strlen(password) : 0;
    if (!password || strcmp(name, "mail") != 0)
        return -1;
    if (length <= (size_t)capacity)
        memcpy(value, password, length);
    return (int32_t)length;
}

static void POSTKONTOR_CALL log_line(void *user, int32_t level, const char *text)
{
    (void)user;
    if (level <= POSTKONTOR_LOG_WARNING)
        fprintf(stderr, "log: %s\n", text);
}

/* Prints what a call has to say, gives it back, and tells whether the call went well. */
static int show(const char *what, postkontor_status status, postkontor_buf *out)
{
    if (status == POSTKONTOR_OK)
        printf("%s: %s\n", what, out->data);
    else
        printf("%s: error %d %s\n", what, (int)status, out->data);
    postkontor_buf_free(out);
    return status == POSTKONTOR_OK;
}

/* Reads a whole file; the caller frees it. A zero byte stands behind its end. */
static char *read_file(const char *name, size_t *length)
{
    FILE *file = fopen(name, "rb");
    char *bytes = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size + 1);
    if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
        bytes[size] = 0;
        *length = (size_t)size;
    } else {
        perror(name);
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}

static int run(const char *settings, postkontor_slice pdf)
{
    const char *password = getenv("INVOICE_PASSWORD");
    postkontor_callbacks callbacks = {sizeof callbacks, &password, log_line, NULL, secret, NULL, NULL};
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    int good;

    good = show("open", postkontor_host_open("{\"language\":\"en\"}", &callbacks, &host, &out), &out)
        && show("transports", postkontor_host_transports(host, &out), &out)
        && show("account", postkontor_account_open(host, settings, NULL, &account, &out), &out)
        && show("test", postkontor_account_test(account, NULL, NULL, &out), &out)
        && show("sent", postkontor_account_send(account, MESSAGE, &pdf, 1, NULL, &out), &out)
        && show("close", postkontor_account_close(account, &out), &out);

    if (good) {
        password = "wrong";
        if (show("account", postkontor_account_open(host, settings, NULL, &account, &out), &out))
            show("wrong password", postkontor_account_send(account, MESSAGE, &pdf, 1, NULL, &out), &out);
    }
    if (host)
        postkontor_host_close(host, NULL); /* closes its accounts, too */
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    size_t length = 0, settings_length = 0;
    char *settings, *bytes;
    int result = 1;
    if (argc != 3) {
        fprintf(stderr, "usage: invoice SETTINGS.json INVOICE.pdf\n");
        return 2;
    }
    settings = read_file(argv[1], &settings_length);
    bytes = read_file(argv[2], &length);
    if (settings && bytes) {
        postkontor_slice pdf;
        pdf.data = (const uint8_t *)bytes;
        pdf.len = length;
        result = run(settings, pdf);
    }
    free(bytes);
    free(settings);
    return result;
}
