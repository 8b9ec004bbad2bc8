/* Sends a mail that is signed and encrypted, and says of what was received who signed it and whether it was encrypted.
 *
 *     smime SETTINGS.json send RECIPIENT
 *     smime SETTINGS.json receive
 *
 * The settings name the certificates (docs/smime.md). A password is the environment variable of the name that the settings give,
 * {"password":{"secret":"KEY_PASSWORD"}}, as a program would take it from its own store. */

#include "postkontor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without a certificate for the recipient nothing goes out. */
static const char MESSAGE[] = "{\"to\":[\"%s\"],\"subject\":\"Invoice 4711\",\"text\":\"The amount is 1,234.56 EUR.\","
                              "\"smime\":{\"sign\":true,\"encrypt\":\"always\"}}";

static int32_t POSTKONTOR_CALL secret(void *user, const char *name, char *value, int32_t capacity)
{
    const char *password = getenv(name);
    size_t length = password ? strlen(password) : 0;
    (void)user;
    if (!password)
        return -1;
    if (length <= (size_t)capacity)
        memcpy(value, password, length);
    return (int32_t)length;
}

/* The summary has {"smime":{"signed":{"status":"good","by":"..."},"encrypted":{"status":"opened"}}}. Only where "status" of "signed"
 * is "good" is the text from the person who seems to have sent it. A program reads this with its parser of JSON. */
static int32_t POSTKONTOR_CALL received(void *user, const char *summary, postkontor_message *message)
{
    (void)user, (void)message;
    return printf("%s\n", summary) > 0 ? POSTKONTOR_SEEN : POSTKONTOR_STOP;
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

static postkontor_status work(postkontor_account *account, int argc, char **argv, postkontor_buf *out)
{
    char message[1000];
    if (strcmp(argv[2], "send") != 0)
        return postkontor_account_receive(account, "{}", received, NULL, NULL, out);
    if (argc != 4 || strlen(argv[3]) > 300 || strpbrk(argv[3], "\"\\"))
        return POSTKONTOR_ARGUMENT;
    sprintf(message, MESSAGE, argv[3]);
    return postkontor_account_send(account, message, NULL, 0, NULL, out);
}

int main(int argc, char **argv)
{
    postkontor_callbacks callbacks = {sizeof callbacks, NULL, NULL, NULL, secret, NULL, NULL};
    postkontor_host *host = NULL;
    postkontor_account *account = NULL;
    postkontor_buf out = {NULL, 0};
    postkontor_status status;
    char *settings = argc > 2 ? read_file(argv[1]) : NULL;
    if (!settings) {
        fprintf(stderr, "usage: smime SETTINGS.json send RECIPIENT | receive\n");
        return POSTKONTOR_ARGUMENT;
    }
    status = postkontor_host_open("{\"language\":\"en\"}", &callbacks, &host, &out);
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = postkontor_account_open(host, settings, NULL, &account, &out); }
    if (status == POSTKONTOR_OK) { postkontor_buf_free(&out); status = work(account, argc, argv, &out); }
    if (out.data)
        fprintf(status == POSTKONTOR_OK ? stdout : stderr, "%d %s\n", (int)status, out.data);
    postkontor_buf_free(&out);
    if (host)
        postkontor_host_close(host, NULL);
    free(settings);
    return (int)status;
}
